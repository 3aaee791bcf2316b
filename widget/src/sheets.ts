/** The style sheets of the shadow root. What they say of the host is `!important`: no rule of the page is stronger then. */

export function sheet(text: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

/** A workspace's own sheet, whose rules on the host must be able to replace the widget's. */
export function ownSheet(text: string): CSSStyleSheet {
  const made = sheet(text);
  insist(made.cssRules);
  return made;
}

/** Strings and addresses, which may hold semicolons; then the end of a declaration. */
const DECLARATION_END = /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^)]*\))|(?: !important)?;/g;

function insist(rules: CSSRuleList): void {
  for (const rule of rules) {
    if (rule instanceof CSSGroupingRule) insist(rule.cssRules);
    if (!(rule instanceof CSSStyleRule) || !/:host(\([^,]*\))?\s*(,|$)/.test(rule.selectorText)) continue;
    rule.style.cssText = rule.style.cssText.replace(DECLARATION_END, (_, text?: string) => text ?? " !important;");
  }
}
