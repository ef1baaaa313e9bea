"""What somebody at a terminal with gh does: one line of JSON a step."""
import json
import re
import subprocess

COMMENT = 'mutation { addComment(input: { subjectId: "I_7", body: "b" }) { clientMutationId } }'
DELETE_ISSUE = 'mutation { deleteIssue(input: { issueId: "I_7" }) { clientMutationId } }'
DELETE_BOARD = 'mutation { deleteProjectV2(input: { projectId: "PVT_7" }) { clientMutationId } }'


def step(what, *words):
    ended = subprocess.run(["gh", *words], capture_output=True, text=True, timeout=60)
    status = re.search(r"HTTP (\d+)", ended.stderr)
    number = int(status.group(1)) if status else 0 if ended.returncode else 200
    print(json.dumps({"what": what, "status": number, "shown": ended.stderr}), flush=True)


step("branch", "api", "repos/shop/web/branches/feature%2Fx")
step("issues", "api", "--paginate", "repos/shop/web/issues")
step("markdown", "api", "markdown", "-f", "text=# delete")
step("create", "api", "repos/shop/web/issues", "-f", "title=first")
step("create again", "api", "repos/shop/web/issues", "-f", "title=second")
step("webhook", "api", "repos/shop/web/hooks", "-f", "name=web")
step("delete", "repo", "delete", "shop/web", "--yes")
step("delete in dev", "api", "-X", "DELETE", "repos/shop/dev-web/git/refs/heads%2Fx")
step("query", "api", "graphql", "-f", "query={ viewer { login } }")
step("comment", "api", "graphql", "-f", "query=" + COMMENT)
step("comment again", "api", "graphql", "-f", "query=" + COMMENT)
step("delete issue", "api", "graphql", "-f", "query=" + DELETE_ISSUE)
step("delete board", "api", "graphql", "-f", "query=" + DELETE_BOARD)
step("archive", "repo", "archive", "shop/web", "--yes")
