# The commands of README.md, which quotes the regions. test/e2e/readme.test.ts runs them, `carbontube` being
# this repository's own.

# #region bundle
carbontube bundle examples/simple/pipeline.ts
# #endregion bundle

# #region client
carbontube enqueue tcp://127.0.0.1:5050 simple-pipeline '{size: 1000}' --wait
carbontube status tcp://127.0.0.1:5050
# #endregion client

# #region manager
carbontube pipeline pipeline.ts --pull-bind tcp://manager:5050 --sub-bind tcp://manager:6000
# #endregion manager

# #region worker
carbontube phase pipeline.ts calculate-hash --concurrency 4 \
    --push-connect tcp://manager:5050 --pub-connect tcp://manager:6000
# #endregion worker

# #region web
carbontube web tcp://127.0.0.1:5050
# #endregion web

# #region bundle-web
carbontube bundle examples/simple/pipeline.ts --web 127.0.0.1:8080
# #endregion bundle-web
