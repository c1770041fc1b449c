# The commands of docs/how-to/dashboard-api.md, which quotes the regions. test/e2e/dashboard-api.test.ts runs
# them, `carbontube` being this repository's own.

# #region token
carbontube web-token me operate > me.token
export TOKEN=$(head -1 me.token)
# #endregion token

# #region start
export CARBONTUBE_WEB_TOKEN=$(tail -1 me.token)
carbontube web tcp://127.0.0.1:5051 --bind 127.0.0.1:8080
# #endregion start

# #region enqueue
API=http://127.0.0.1:8080/api/v1
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" \
    --json '{"instructions": {"size": 1000}, "id": "first"}' \
    $API/pipelines/simple-pipeline/jobs
# #endregion enqueue

# #region wait
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" \
    "$API/pipelines/simple-pipeline/jobs/first/wait?timeout=60"
# #endregion wait

# #region search
curl --fail-with-body -s -G -H "authorization: Bearer $TOKEN" \
    --data-urlencode 'q=state:dead phase:generate-file age<1h' -d limit=20 \
    $API/jobs
# #endregion search

# #region groups
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" $API/dead
# #endregion groups

# #region redrive
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" \
    --json '{"action": "redrive", "pipeline": "simple-pipeline",
             "filter": {"q": "error:\"number of lines\""}, "perSecondMax": 50}' \
    $API/operations
# #endregion redrive

# #region progress
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" $API/operations
# #endregion progress

# #region stream
curl --fail-with-body -sN -H "authorization: Bearer $TOKEN" \
    "$API/stream?topics=snapshot,logs&level=warn"
# #endregion stream

# #region metrics
curl --fail-with-body -s -H "authorization: Bearer $TOKEN" http://127.0.0.1:8080/metrics
# #endregion metrics
