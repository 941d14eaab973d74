// Runs `macroengine lsp` for lists of templates, and for code in which templates are embedded.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const PATTERN = "**/*.{txt,csv,tsv,jsonl,ndjson,py,json,yaml,yml,toml,js,jsx,mjs,ts,tsx,php,md,html,htm}";

let client;

async function start() {
  const command = vscode.workspace.getConfiguration("macroengine").get("command") || "macroengine";
  client = new LanguageClient(
    "macroengine",
    "macroengine",
    { command, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", pattern: PATTERN },
        { scheme: "untitled", language: "plaintext" },
      ],
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `macroengine: ${command} lsp does not start (${error.message}); ` +
        "install it with pip install 'macroengine[lsp]', or say where it is in macroengine.command",
    );
  }
}

async function restart() {
  await deactivate();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("macroengine.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("macroengine.command")) {
        restart();
      }
    }),
  );
  await start();
}

async function deactivate() {
  if (client?.isRunning()) {
    await client.stop();
  }
  client = undefined;
}

module.exports = { activate, deactivate };
