/** @jsxImportSource react */
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { useMemo, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Account } from "./account";
import { AccountBar } from "./account-bar";
import { EXAMPLES } from "./examples";
import { createFetcher } from "./fetcher";
import "./page.css";

const endpoint = new URL("/graphql", location.href);
const account = new Account(endpoint);

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
