# The commands of docs/how-to/three-boxes.md, which quotes the regions. test/e2e/three-boxes.test.ts runs them.

# #region encoder
export HOSTNAME="encoder1.pipelines.internal.tinaapp.video"
npx carbontube streamer --pull-bind="tcp://${HOSTNAME}:4000" --push-bind="tcp://${HOSTNAME}:4001" &
npx carbontube forwarder --sub-bind="tcp://${HOSTNAME}:7000" --pub-bind="tcp://${HOSTNAME}:7001" &
npx carbontube phase tinas-pipeline.ts encode-video --concurrency=4 \
    --pull-bind="tcp://${HOSTNAME}:3000" --push-connect="tcp://${HOSTNAME}:4000" --pub-connect="tcp://${HOSTNAME}:7000"
# #endregion encoder

# #region file-io
export HOSTNAME="file-io1.pipelines.internal.tinaapp.video"
npx carbontube streamer --pull-bind="tcp://${HOSTNAME}:4000" --push-bind="tcp://${HOSTNAME}:4001" &
npx carbontube forwarder --sub-bind="tcp://${HOSTNAME}:7000" --pub-bind="tcp://${HOSTNAME}:7001" &
npx carbontube phase tinas-pipeline.ts split-video --concurrency=8 \
    --pull-bind="tcp://${HOSTNAME}:3000" --push-connect="tcp://${HOSTNAME}:4000" --pub-connect="tcp://${HOSTNAME}:7000"
# #endregion file-io

# #region manager
export HOSTNAME="video-pipeline.internal.tinaapp.video"
npx carbontube pipeline tinas-pipeline.ts video-encoder-pipeline \
    --pull-bind="tcp://${HOSTNAME}:5050" --sub-bind="tcp://${HOSTNAME}:6000" \
    --pull-connect=tcp://encoder1.pipelines.internal.tinaapp.video:4001 \
    --sub-connect=tcp://encoder1.pipelines.internal.tinaapp.video:7001 \
    --pull-connect=tcp://file-io1.pipelines.internal.tinaapp.video:4001 \
    --sub-connect=tcp://file-io1.pipelines.internal.tinaapp.video:7001
# #endregion manager

# #region enqueue
npx carbontube enqueue tcp://video-pipeline.internal.tinaapp.video:5050 video-encoder-pipeline \
    "{\"video_path\": '/tmp/video1.mp4'}"
# #endregion enqueue

# #region status
npx carbontube status tcp://video-pipeline.internal.tinaapp.video:5050
# #endregion status
