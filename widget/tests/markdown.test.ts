import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, lex, safeAddress } from "../src/chat/markdown";
import { plain, sentences } from "../src/chat/sentences";

test("an address is followed only where it cannot run anything", () => {
  assert.equal(safeAddress("https://example.com/a"), "https://example.com/a");
  assert.equal(safeAddress("mailto:someone@example.com"), "mailto:someone@example.com");
  for (const address of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "/relative", ""]) {
    assert.equal(safeAddress(address), undefined);
  }
});

test("entities become their characters, and what is none stays as it is", () => {
  assert.equal(decode("a &amp; b &#233; &#x2600; &nothing; &#0; &"), "a & b é ☀ &nothing; &#0; &");
});

test("a text of any depth is read", () => {
  assert.equal(lex(`${">".repeat(20_000)} deep`).length, 1);
});

test("sentences are said once each, as soon as they are whole", () => {
  const first = sentences("It opens at nine. It clo", 0);
  assert.deepEqual(first.spoken, ["It opens at nine."]);
  const second = sentences("It opens at nine. It closes at 7.30 in **winter** [1]. And", first.next);
  assert.deepEqual(second.spoken, ["It closes at 7.30 in winter."]);
});

test("what is said of Markdown has none of its marks", () => {
  assert.equal(plain("## Title\n- **bold** `code` [site](https://example.com) [2]"), "Title bold code site");
});
