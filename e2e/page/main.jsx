// An application as its developers would write it: the SDK's own provider, its own form, nothing of ours.
import { createRoot } from 'react-dom/client';
import { useEffect, useState } from 'react';
import { AsgardeoProvider, SignedIn, SignedOut, SignIn, SignOutButton, useAsgardeo } from '@asgardeo/react';

const { baseUrl, clientId } = window.settings;
const here = window.location.origin;

function Welcome() {
  const { getDecodedIdToken } = useAsgardeo();
  const [claims, setClaims] = useState(null);
  useEffect(() => {
    getDecodedIdToken().then(setClaims, (error) => setClaims({ username: `no ID token: ${error}` }));
  }, []);
  return (
    <main>
      <h1>Welcome</h1>
      <p>
        Signed in as <b data-testid="user-name">{claims?.username ?? ''}</b>
      </p>
      <SignOutButton data-testid="sign-out">Sign out</SignOutButton>
    </main>
  );
}

createRoot(document.getElementById('root')).render(
  <AsgardeoProvider
    baseUrl={baseUrl}
    clientId={clientId}
    afterSignInUrl={here}
    afterSignOutUrl={here}
    scopes={['openid', 'profile']}
  >
    <SignedIn>
      <Welcome />
    </SignedIn>
    <SignedOut>
      <SignIn />
    </SignedOut>
  </AsgardeoProvider>,
);
