import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { Source } from "./answers";
import { Icon } from "./icons";
import { safeAddress } from "./markdown";
import type { Words } from "./words";

const SHOWN_AT_FIRST = 3;

/** What an answer rests on: each line opens the passage of its document. */
export function Sources({ sources, words, ref }: { sources: Source[]; words: Words; ref: RefObject<HTMLElement | null> }) {
  const [showsAll, setShowsAll] = useState(false);
  if (sources.length === 0) return null;
  const hidden = sources.length - SHOWN_AT_FIRST;
  return (
    <section ref={ref} class="sources" aria-label={words.sources}>
      <h3>{words.sources}</h3>
      <ol>
        {sources.map((source, index) => (
          <li key={index} class={index >= SHOWN_AT_FIRST && !showsAll ? "folded" : undefined}>
            <Passage source={source} onOpen={() => index >= SHOWN_AT_FIRST && setShowsAll(true)} />
            <Visit source={source} words={words} />
          </li>
        ))}
      </ol>
      {hidden > 0 && !showsAll && (
        <button type="button" class="more" onClick={() => setShowsAll(true)}>
          {words.more(hidden)}
        </button>
      )}
    </section>
  );
}

/** Leads to the passage's page on the web. Beside what opens the passage: a link inside it could not be reached by all. */
function Visit({ source: { url, documentName }, words }: { source: Source; words: Words }) {
  const address = url && safeAddress(url);
  if (!address) return null;
  const label = words.visit(documentName);
  return (
    <a class="quiet small visit" href={address} target="_blank" rel="noopener noreferrer" aria-label={label} title={label}>
      <Icon name="visit" />
    </a>
  );
}

interface PassageProps {
  source: Source;
  onOpen: () => void;
}

function Passage({ source, onOpen }: PassageProps) {
  return (
    <details onToggle={(event) => event.currentTarget.open && onOpen()}>
      <summary>
        <span class="number">{source.number}</span>
        <span class="origin" dir="auto">
          <span class="name">{source.documentName}</span>
          {source.location && <span class="location">{source.location}</span>}
        </span>
        <Icon name="chevron" />
      </summary>
      <blockquote dir="auto">{source.excerpt}</blockquote>
    </details>
  );
}
