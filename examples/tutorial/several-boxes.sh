# The commands of docs/how-to/several-boxes.md, which quotes the regions. test/e2e/several-boxes.test.ts runs
# them on one machine, with its own addresses in place of those of the boxes `manager` and `worker1`.

# #region manager
npx carbontube pipeline pipeline.ts \
    --pull-bind tcp://manager:5050 --sub-bind tcp://manager:6000
# #endregion manager

# #region worker
npx carbontube phase pipeline.ts count-words --concurrency 4 \
    --push-connect tcp://manager:5050 --pub-connect tcp://manager:6000
# #endregion worker

# #region fixed-port
npx carbontube phase pipeline.ts write-report --pull-bind tcp://worker1:7001 \
    --push-connect tcp://manager:5050 --pub-connect tcp://manager:6000
# #endregion fixed-port

# #region advertise
npx carbontube phase pipeline.ts publish \
    --pull-bind 'tcp://*:7002' --advertise tcp://worker1:7002 \
    --push-connect tcp://manager:5050 --pub-connect tcp://manager:6000
# #endregion advertise

# #region client
npx carbontube enqueue tcp://manager:5050 reports '{title: "fox", text: "a fox"}' --wait
npx carbontube status tcp://manager:5050
# #endregion client

# #region streamer
npx carbontube streamer --pull-bind tcp://127.0.0.1:5150 --push-connect tcp://manager:5050
# #endregion streamer

# #region forwarder
npx carbontube forwarder --sub-bind tcp://127.0.0.1:6100 --pub-connect tcp://manager:6000
# #endregion forwarder

# #region behind-relays
npx carbontube phase pipeline.ts count-words --pull-bind 'tcp://worker1:*' \
    --push-connect tcp://127.0.0.1:5150 --pub-connect tcp://127.0.0.1:6100
# #endregion behind-relays
