# The commands of docs/tutorial.md, which quotes the regions. test/e2e/tutorial.test.ts runs them one by one
# in an empty folder, each region in a terminal of its own.

# #region pack
npm ci
npm pack
# #endregion pack

# #region install
npm init -y
npm pkg set type=module
npm install ../carbontube/carbontube-0.1.0.tgz
# #endregion install

# #region driver
npm install better-sqlite3@12
# #endregion driver

# #region check
npx carbontube check pipeline.ts
# #endregion check

# #region compiler
npm install --save-dev typescript@6 @types/node
# #endregion compiler

# #region compile
npx tsc
# #endregion compile

# #region bundle
mkdir published
npx carbontube bundle pipeline.ts
# #endregion bundle

# #region first-job
npx carbontube enqueue tcp://127.0.0.1:5050 reports \
    '{title: "fox", text: "the quick brown fox"}' --wait
cat published/fox.txt
# #endregion first-job

# #region box-1-manager
npx carbontube pipeline pipeline.ts \
    --pull-bind tcp://127.0.0.1:5050 --sub-bind tcp://127.0.0.1:6000
# #endregion box-1-manager

# #region box-1-publish
npx carbontube phase pipeline.ts publish \
    --push-connect tcp://127.0.0.1:5050 --pub-connect tcp://127.0.0.1:6000
# #endregion box-1-publish

# #region box-2-count
npx carbontube phase pipeline.ts count-words --concurrency 4 \
    --push-connect tcp://127.0.0.1:5050 --pub-connect tcp://127.0.0.1:6000
# #endregion box-2-count

# #region box-2-report
npx carbontube phase pipeline.ts write-report --concurrency 4 \
    --push-connect tcp://127.0.0.1:5050 --pub-connect tcp://127.0.0.1:6000
# #endregion box-2-report

# #region many
for n in $(seq 20); do echo "{\"title\": \"text-$n\", \"text\": \"$(seq $n | xargs)\"}"; done \
    | npx carbontube enqueue tcp://127.0.0.1:5050 reports - --wait
# #endregion many

# #region status
npx carbontube status tcp://127.0.0.1:5050
# #endregion status

# #region break
mv published gone
npx carbontube enqueue tcp://127.0.0.1:5050 reports \
    '{title: "dog", text: "the lazy dog"}' --id dog-1
# #endregion break

# #region show
npx carbontube jobs show tcp://127.0.0.1:5050 dog-1
# #endregion show

# #region repair
mv gone published
# #endregion repair

# #region reject
npx carbontube enqueue tcp://127.0.0.1:5050 reports '{title: "../dog", text: ""}' --wait
# #endregion reject
