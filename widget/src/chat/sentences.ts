/** The whole sentences of a text from a place on, without Markdown's marks, and where the next one begins. */
export function sentences(text: string, from: number): { spoken: string[]; next: number } {
  const spoken: string[] = [];
  let next = from;
  for (const match of text.slice(from).matchAll(/[^]*?(?:[.!?…](?=\s)|\n|[。！？])\s*/g)) {
    next += match[0].length;
    const said = plain(match[0]);
    if (said) spoken.push(said);
  }
  return { spoken, next };
}

/** What a screen reader should say of a piece of Markdown. */
export function plain(markdown: string): string {
  return markdown
    .replace(/^\s*```.*$/gm, "")
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+\.)\s+/gm, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s*\[\d+\]/g, "")
    .replace(/[*_`~|]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
