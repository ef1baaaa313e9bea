// Written by `blastgate install opencode`; `blastgate install opencode --uninstall` takes it away again.
//
// Asks blastgate before each tool call. A call that cannot be asked about does not run.
import { spawn } from "node:child_process"

const [PROGRAM, ...ARGUMENTS]: string[] = {argv}
const PATIENCE_MS = 30000

function ask(call: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ARGUMENTS, { stdio: ["pipe", "pipe", "pipe"] })
    const timer = setTimeout(() => {
      child.kill("SIGKILL")
      reject(new Error("no answer in time"))
    }, PATIENCE_MS)
    let said = ""
    let wrong = ""
    child.stdout.on("data", (piece) => (said += piece))
    child.stderr.on("data", (piece) => (wrong += piece))
    child.on("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on("close", (code) => {
      clearTimeout(timer)
      if (code === 0) resolve(said)
      else reject(new Error(wrong.trim() || `it ended with ${code}`))
    })
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(call))
  })
}

export const Blastgate = async ({ directory, worktree }: { directory: string; worktree: string }) => ({
  "tool.execute.before": async (input: any, output: any) => {
    let answer: any
    try {
      answer = JSON.parse(await ask({ ...input, args: output.args ?? {}, directory, worktree }))
    } catch (error) {
      throw new Error(`blastgate could not judge this call, so it does not run: ${error}`)
    }
    if (answer?.decision !== "allow") {
      throw new Error(String(answer?.reason || "blastgate stopped this call."))
    }
  },
})
