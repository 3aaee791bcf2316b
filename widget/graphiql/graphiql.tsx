/** @jsxImportSource react */
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { useMemo, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Account } from "./account";
import { AccountBar } from "./account-bar";
import { EXAMPLES } from "./examples";
import { createFetcher } from "./fetcher";
import { KeptSession } from "./kept-session";
import "./page.css";

// The graph is beside this page, under whatever path a proxy serves both.
const endpoint = new URL("graphql", location.href);
const account = new Account(endpoint, new KeptSession(endpoint, () => sessionStorage));
account.resume();
addEventListener("pagehide", account.suspend);
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) account.resume();
});

function Page() {
  // Another fetcher makes GraphiQL ask for the schema again: who is logged in decides who is shown it.
  const user = useSyncExternalStore(account.onChange, () => account.user?.email);
  const fetcher = useMemo(() => createFetcher(endpoint, account), [user]);
  return (
    <>
      <AccountBar account={account} />
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={EXAMPLES}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
      />
    </>
  );
}

createRoot(document.getElementById("page")!).render(<Page />);
