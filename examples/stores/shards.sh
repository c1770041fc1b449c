# The commands of docs/how-to/shards.md, which quotes the regions. test/e2e/shards.test.ts runs them on one
# machine, with its own addresses in place of those of the boxes `manager1`, `manager2` and `cache1`.

# #region first
export REDIS_URI=redis://cache1:6379
npx carbontube pipeline pipeline.ts --manager-id first --shards 16 \
    --pull-bind tcp://manager1:5050 --sub-bind tcp://manager1:6000
# #endregion first

# #region second
export REDIS_URI=redis://cache1:6379
npx carbontube pipeline pipeline.ts --manager-id second \
    --pull-bind tcp://manager2:5050 --sub-bind tcp://manager2:6000
# #endregion second

# #region worker
npx carbontube phase pipeline.ts greet \
    --push-connect tcp://manager1:5050 --pub-connect tcp://manager1:6000 \
    --push-connect tcp://manager2:5050 --pub-connect tcp://manager2:6000
# #endregion worker

# #region client
npx carbontube enqueue tcp://manager1:5050,tcp://manager2:5050 greetings '{name: "Ada"}' --wait
npx carbontube status tcp://manager1:5050,tcp://manager2:5050
# #endregion client
