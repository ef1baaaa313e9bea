"""What a program with PyGithub does: one line of JSON a step."""
import json

import github

hub = github.Github(auth=github.Auth.Token("a-token"))


def step(what, call):
    try:
        call()
        print(json.dumps({"what": what, "status": 200}))
    except github.GithubException as error:
        # The exception's text is the message, and after it the document that held it.
        shown = str(error).partition(f": {error.status} {{")[0]
        print(json.dumps({"what": what, "status": error.status, "shown": shown}))


repo = hub.get_repo("shop/web")
step("branch", lambda: repo.get_branch("feature/x"))
step("issues", lambda: list(repo.get_issues()))
step("markdown", lambda: hub.render_markdown("# delete"))
step("create", lambda: repo.create_issue("first"))
step("create again", lambda: repo.create_issue("second"))
step("webhook", lambda: repo.create_hook("web", {"url": "https://x.example"}, ["push"]))
step("delete", lambda: repo.delete())
step("delete in dev", lambda: hub.get_repo("shop/dev-web", lazy=True).get_label("bug").delete())
