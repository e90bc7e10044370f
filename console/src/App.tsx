// Signs the visitor in where the server asks for it, and shows the page that the address names.

import { useMemo, useState } from 'react';
import { Provider } from 'urql';
import { Redirect, Route, Router, Switch } from 'wouter';
import { AgentPage } from './agents/AgentPage';
import { AgentsPage } from './agents/AgentsPage';
import { createApiClient } from './api/client';
import { readKey, storeKey } from './api/credentials';
import { ROOT_PATH } from './api/root';
import { KeysPage } from './keys/KeysPage';
import { MeetingPage } from './meetings/MeetingPage';
import { MeetingsPage } from './meetings/MeetingsPage';
import { SearchPage } from './search/SearchPage';
import { NotFoundPage } from './shell/NotFoundPage';
import { Shell } from './shell/Shell';
import { SignIn } from './shell/SignIn';
import { WebhookPage } from './webhooks/WebhookPage';
import { WebhooksPage } from './webhooks/WebhooksPage';

export function App() {
  const [key, setKey] = useState(readKey);
  const [asksForKey, setAsksForKey] = useState(false);
  const client = useMemo(() => createApiClient(key, () => setAsksForKey(true)), [key]);

  const signIn = (newKey: string | null) => {
    storeKey(newKey);
    setKey(newKey);
    setAsksForKey(newKey === null);
  };

  if (asksForKey) return <SignIn wasRefused={key !== null} onSignIn={signIn} />;
  return (
    <Provider value={client}>
      <Router base={ROOT_PATH}>
        <Shell onSignOut={key === null ? null : () => signIn(null)}>
          <Switch>
            <Route path="/"><Redirect to="/meetings" replace /></Route>
            <Route path="/meetings"><MeetingsPage /></Route>
            <Route path="/meetings/:id">{({ id }) => <MeetingPage key={id} id={id} />}</Route>
            <Route path="/agents"><AgentsPage /></Route>
            <Route path="/agents/:id/:tab?">{({ id, tab }) => <AgentPage key={id} id={id} tab={tab ?? ''} />}</Route>
            <Route path="/keys"><KeysPage /></Route>
            <Route path="/webhooks"><WebhooksPage /></Route>
            <Route path="/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
            <Route path="/search"><SearchPage /></Route>
            <Route><NotFoundPage /></Route>
          </Switch>
        </Shell>
      </Router>
    </Provider>
  );
}
