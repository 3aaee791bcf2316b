// Writes dist/, or the folder it is given: the widget, the part it loads when the chat opens, the GraphiQL page, and the licences of what they contain.
// The same source gives the same bytes; a widget over its budget fails the build.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const LAUNCHER_BUDGET = 15_000;
const WHOLE_BUDGET = 40_000;

const target = resolve(process.argv[2] ?? join(import.meta.dirname, "dist"));
process.chdir(import.meta.dirname);

/** Stylesheets of the shadow root are strings in the script. */
const styleText = {
  name: "style-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "chrome123" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/**
 * Marked is one file that keeps all of it in the bundle: its last part, a ready-made renderer of HTML strings, goes,
 * and so does what only its "pedantic" option and its extensions need.
 */
const lexerAlone = {
  name: "lexer-alone",
  setup({ onLoad }) {
    onLoad({ filter: /marked\.esm\.js$/ }, async ({ path }) => {
      let source = await readFile(path, "utf8");
      const cut = (part, put = "") => {
        if (source.search(part) < 0) throw new Error(`marked changed its file: there is no ${part} any more.`);
        source = source.replace(part, put);
      };
      const [lexer, instance] = ["Lexer", "Marked"].map((name) => new RegExp(`(\\w+) as ${name}\\b`).exec(source)?.[1]);
      cut(new RegExp(`var \\w+=new ${instance};[^]*`), `export{${lexer} as Lexer};`);
      for (const [, rules] of source.matchAll(/,pedantic:(\w+)\}/g)) cut(new RegExp(`,${rules}=\\{\\.{3}[^]*?getRegex\\(\\)\\}`));
      cut(/,pedantic:\w+(?=\})/g);
      cut(/this\.options\.pedantic/g, "false");
      cut(/this\.options\.(extensions|hooks)/g, "(void 0)");
      return { contents: source };
    });
  },
};

/**
 * The client's socket checks the shape of every message, mostly with sentences: here both ends are Monitora's, and tested
 * together. It also looks for a websocket where there is no browser, and knows how to wait before it tries again: the
 * chat tries again by itself.
 */
const socketAlone = {
  name: "socket-alone",
  setup({ onLoad }) {
    const cuts = [
      [/graphql-ws[\\/]dist[\\/]common-.*\.js$/, [[/(?<=function validateMessage\(val\) )\{[^]*?\n\}/, "{ return val; }"]]],
      [
        /graphql-ws[\\/]dist[\\/]client\.js$/,
        [
          [/let ws;[^]*?const WebSocketImpl = ws;/, "const WebSocketImpl = WebSocket;"],
          [/(?<=function shouldRetryConnectOrThrow\(errOrCloseEvent\) \{)[^]*?\n  \}(?=\n  if \(!lazy\))/, "if (errOrCloseEvent?.code === 1e3) return locks > 0; throw errOrCloseEvent; }"],
          [/if \(retrying\) \{[^]*?retries\+\+;\s*\}/, ""],
          [/async dispose\(\) \{[^]*?\n    \},/, ""],
          [/if \(!lazy\) \{[^]*?\n  \}\n/, ""],
          [/(?<=retryWait) = async function [^]*?\n    \}(?=,\n    shouldRetry)/, ""],
        ],
      ],
    ];
    for (const [filter, parts] of cuts) {
      onLoad({ filter }, async ({ path }) => {
        let source = await readFile(path, "utf8");
        for (const [part, put] of parts) {
          if (!part.test(source)) throw new Error(`graphql-ws changed its file: there is no ${part} any more.`);
          source = source.replace(part, put);
        }
        return { contents: source };
      });
    }
  },
};

/** GraphiQL's style carries two fonts, most of its size: the page uses the system's. */
const withoutFonts = {
  name: "without-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/].*style\.css$/ }, async ({ path }) => {
      const style = await readFile(path, "utf8");
      return { contents: style.replace(/@font-face\s*\{[^}]*\}/g, ""), loader: "css" };
    });
  },
};

const common = { bundle: true, minify: true, target: "es2022", charset: "utf8", legalComments: "none", metafile: true, outdir: target, absWorkingDir: import.meta.dirname };

/** Every operation of the widget: the server knows it by the hash of its text, and may be told to run no others for visitors. */
const { outputFiles } = await build({
  stdin: { contents: 'export * from "./src/chat/operations"; export { START_VISIT } from "./src/visit";', resolveDir: import.meta.dirname },
  bundle: true,
  format: "esm",
  write: false,
});
const operations = Object.values(await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`));
const hashOf = (text) => createHash("sha256").update(text).digest("hex");
const define = { OPERATION_HASHES: JSON.stringify(Object.fromEntries(operations.map((text) => [text.split(/\W/, 2)[1], hashOf(text)]))) };

await rm(target, { recursive: true, force: true });
await mkdir(join(target, "graphiql"), { recursive: true });

const chat = await build({ ...common, entryPoints: ["src/chat/chat.tsx"], entryNames: "chat-[hash]", format: "esm", plugins: [styleText, lexerAlone, socketAlone] });
const [chatFile] = Object.keys(chat.metafile.outputs);
const widget = await build({
  ...common,
  entryPoints: ["src/widget.ts"],
  format: "iife",
  plugins: [styleText],
  define: { ...define, CHAT_FILE: JSON.stringify(basename(chatFile)) },
});
const graphiql = await build({
  ...common,
  entryPoints: ["graphiql/graphiql.tsx"],
  outdir: join(target, "graphiql"),
  chunkNames: "[name]-[hash]",
  format: "esm",
  splitting: true,
  plugins: [withoutFonts],
  define: { "process.env.NODE_ENV": '"production"' },
});
await cp("graphiql/index.html", join(target, "graphiql/index.html"));
await writeFile(join(target, "operations.json"), `${JSON.stringify(Object.fromEntries(operations.map((text) => [hashOf(text), text]).sort()), null, 2)}\n`);
await writeFile(join(target, "LICENSES.txt"), await licences([chat, widget, graphiql]));

const sizes = {};
for (const file of [chat, widget, graphiql].flatMap(({ metafile }) => Object.keys(metafile.outputs)).sort()) {
  const bytes = await readFile(file);
  sizes[file] = gzipSync(bytes, { level: 9 }).length;
  console.log(`${file.padEnd(44)} ${String(bytes.length).padStart(9)} bytes ${String(sizes[file]).padStart(8)} gzipped`);
}
const launcherSize = sizes[relative(".", join(target, "widget.js"))];
const wholeSize = launcherSize + sizes[chatFile];
if (launcherSize > LAUNCHER_BUDGET || wholeSize > WHOLE_BUDGET) {
  throw new Error(`The widget is too large: ${launcherSize} before it opens (at most ${LAUNCHER_BUDGET}), ${wholeSize} in all (at most ${WHOLE_BUDGET}).`);
}

/** The licence text of every package that is inside a bundle. */
async function licences(results) {
  const folders = results
    .flatMap(({ metafile }) => Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)))
    .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
    .filter(Boolean);
  const texts = await Promise.all([...new Set(folders)].sort().map(licence));
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

async function licence(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  for (const file of ["LICENSE", "LICENSE.md", "license", "LICENSE.txt", "LICENCE"]) {
    try {
      return `${name} ${version} (${license})\n\n${await readFile(join(folder, file), "utf8")}`;
    } catch {}
  }
  return `${name} ${version} (${license})\n`;
}
