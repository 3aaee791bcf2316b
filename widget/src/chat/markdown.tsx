import { Lexer, type Token, type Tokens } from "marked";
import { Fragment, type ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Words } from "./words";

interface Context {
  words: Words;
  /** How many sources the answer has: `[1]` to `[sources]` are links to them. */
  /** The numbers of the sources. */
  sources: number[];
  onCite: (number: number) => void;
}

/** Markdown as nodes: no string is ever read as HTML, and raw HTML is shown as it was written. */
export function Markdown({ text, ...context }: Context & { text: string }) {
  const tokens = useMemo(() => lex(text), [text]);
  return <>{blocks(tokens, context)}</>;
}

/** Tokens of a text; one paragraph of it where it is too strange to be read (very deep nesting). */
export function lex(text: string): Token[] {
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    return [{ type: "paragraph", raw: text, text, tokens: [{ type: "text", raw: text, text }] }];
  }
}

function blocks(tokens: Token[] | undefined, context: Context): ComponentChildren {
  return tokens?.map((token, index) => <Fragment key={index}>{block(token as Tokens.Generic, context)}</Fragment>);
}

function block(token: Tokens.Generic, context: Context): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": // all of one level, under the chat's title: an answer begins at any level and skips some
      return <h3>{inline(token.tokens, context)}</h3>;
    case "paragraph":
      return <p>{inline(token.tokens, context)}</p>;
    case "code":
      return <Code text={token["text"]} words={context.words} />;
    case "blockquote":
      return <blockquote>{blocks(token.tokens, context)}</blockquote>;
    case "list":
      return list(token as Tokens.List, context);
    case "table":
      return table(token as Tokens.Table, context);
    case "hr":
      return <hr />;
    default:
      return token.tokens ? inline(token.tokens, context) : words(token["text"] ?? token.raw, context);
  }
}

function list(token: Tokens.List, context: Context) {
  const items = token.items.map((item, index) => (
    <li key={index}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} disabled />}
      {blocks(item.tokens.filter(({ type }) => type !== "checkbox"), context)}
    </li>
  ));
  return token.ordered ? <ol start={token.start || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table, context: Context) {
  const cells = (row: Tokens.TableCell[], Cell: "th" | "td") => (
    <tr>
      {row.map((cell, index) => (
        <Cell key={index} data-align={cell.align ?? undefined}>
          {inline(cell.tokens, context)}
        </Cell>
      ))}
    </tr>
  );
  return (
    <div class="table" tabIndex={0}>
      <table>
        <thead>{cells(token.header, "th")}</thead>
        <tbody>{token.rows.map((row) => cells(row, "td"))}</tbody>
      </table>
    </div>
  );
}

function inline(tokens: Token[] | undefined, context: Context): ComponentChildren {
  return tokens?.map((token, index) => <Fragment key={index}>{span(token as Tokens.Generic, context)}</Fragment>);
}

function span(token: Tokens.Generic, context: Context): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens, context)}</strong>;
    case "em":
      return <em>{inline(token.tokens, context)}</em>;
    case "del":
      return <del>{inline(token.tokens, context)}</del>;
    case "codespan":
      return <code>{token["text"]}</code>;
    case "br":
      return <br />;
    case "link":
      return <SafeLink href={token["href"]}>{inline(token.tokens, context)}</SafeLink>;
    case "image": // shown as a link: an answer must not make a visitor's browser call another server
      return <SafeLink href={token["href"]}>{token["text"] || token["href"]}</SafeLink>;
    case "html":
      return token.raw;
    default:
      return token.tokens ? inline(token.tokens, context) : words(token["text"] ?? token.raw, context);
  }
}

/** Text with its citations as buttons. */
function words(text: string, { sources, onCite, words }: Context): ComponentChildren {
  return decode(text)
    .split(/(\[\d{1,3}\])/)
    .map((part) => {
      const number = Number(/^\[(\d+)\]$/.exec(part)?.[1]);
      if (!sources.includes(number)) return part;
      return (
        <button type="button" class="citation" aria-label={words.source(number)} onClick={() => onCite(number)}>
          {number}
        </button>
      );
    });
}

/** A link that cannot run anything nor tell the page who follows it; with another scheme, only its text. */
export function SafeLink({ href, children }: { href: string; children: ComponentChildren }) {
  const address = safeAddress(href);
  if (!address) return <>{children}</>;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** The address when its scheme is http, https or mailto. */
export function safeAddress(href: string): string | undefined {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The characters that HTML entities stand for, which Markdown allows in text. */
export function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const point = decimal ? Number(decimal) : parseInt(hexadecimal, 16);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

function Code({ text, words }: { text: string; words: Words }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div class="code">
      <pre tabIndex={0} dir="ltr">
        <code>{text}</code>
      </pre>
      {navigator.clipboard && (
        <button type="button" class="copy" onClick={() => void copy()}>
          {isCopied ? words.copied : words.copy}
        </button>
      )}
    </div>
  );
}
