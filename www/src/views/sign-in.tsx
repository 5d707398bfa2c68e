/** Signing in or creating an account. The demo server's user is signed in without being asked. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useBackend, type Backend } from "../backend.ts";
import { explain } from "../failures.ts";
import { Field } from "../parts/field.tsx";
import { Notice } from "../parts/notice.tsx";
import { BrandMark } from "../parts/shell.tsx";
import { demoCredentials, signIn, signUp, type Credentials } from "../state/session.ts";

type Mode = "sign-in" | "sign-up";
type Attempt = { state: "idle" | "working" | "confirm" } | { state: "failed"; message: string };

const PASSWORD_CHARS = 6;
const TITLES: Record<Mode, string> = { "sign-in": "Sign in", "sign-up": "Create an account" };

export function SignInView() {
  const backend = useBackend();
  const [mode, setMode] = useState<Mode>("sign-in");
  const [attempt, setAttempt] = useState<Attempt>({ state: "idle" });
  const demo = backend.config.demo;

  const enter = async (how: Mode, credentials: Credentials): Promise<void> => {
    setAttempt({ state: "working" });
    setAttempt(await tryTo(backend, how, credentials));
  };
  useOnce(() => {
    const credentials = demoCredentials(backend);
    if (credentials) void enter("sign-in", credentials);
  });

  return (
    <main class="alone" aria-busy={attempt.state === "working"}>
      <div class="alone-brand"><BrandMark /> Daybook</div>
      <h1>{TITLES[mode]}</h1>
      <p class="lead">Your entries stay on this device and work without a network. An account keeps them in step with your other devices.</p>
      {attempt.state === "failed" && <Notice kind="bad">{attempt.message}</Notice>}
      {attempt.state === "confirm" && <Notice>Almost there: open the link in the e-mail we sent you, then sign in.</Notice>}
      <CredentialsForm mode={mode} working={attempt.state === "working"} onSubmit={(credentials) => void enter(mode, credentials)} />
      {demo && (
        <button type="button" class="button wide" disabled={attempt.state === "working"} onClick={() => void enter("sign-in", demo)}>
          Continue as the demo user
        </button>
      )}
      <p class="aside">
        {mode === "sign-in" ? "New here? " : "Have an account? "}
        <button type="button" class="link" onClick={() => setMode(mode === "sign-in" ? "sign-up" : "sign-in")}>
          {TITLES[mode === "sign-in" ? "sign-up" : "sign-in"]}
        </button>
      </p>
    </main>
  );
}

async function tryTo(backend: Backend, how: Mode, credentials: Credentials): Promise<Attempt> {
  try {
    if (how === "sign-in") await signIn(backend, credentials);
    else if (!(await signUp(backend, credentials))) return { state: "confirm" };
    return { state: "idle" };
  } catch (error) {
    return { state: "failed", message: explain(error) };
  }
}

interface FormProps {
  mode: Mode;
  working: boolean;
  onSubmit: (credentials: Credentials) => void;
}

function CredentialsForm({ mode, working, onSubmit }: FormProps) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [asked, setAsked] = useState(false);
  const problems = asked ? problemsOf({ email, password }) : {};

  const submit = (event: Event): void => {
    event.preventDefault();
    setAsked(true);
    const [first] = Object.keys(problemsOf({ email, password }));
    if (first) document.getElementById(first)?.focus();
    else onSubmit({ email: email.trim(), password });
  };
  return (
    <form class="stack" noValidate onSubmit={submit}>
      <Field id="email" label="E-mail" problem={problems.email}>
        {(wiring) => (
          <input {...wiring} type="email" autocomplete="username" value={email} onInput={(event) => setEmail(event.currentTarget.value)} />
        )}
      </Field>
      <Field id="password" label="Password" problem={problems.password} hint={mode === "sign-up" ? `At least ${PASSWORD_CHARS} characters.` : undefined}>
        {(wiring) => (
          <input
            {...wiring}
            type="password"
            autocomplete={mode === "sign-in" ? "current-password" : "new-password"}
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      <button class="button primary wide" disabled={working}>{working ? "One moment…" : TITLES[mode]}</button>
    </form>
  );
}

function problemsOf({ email, password }: Credentials): Partial<Credentials> {
  return {
    ...(/^\S+@\S+$/.test(email.trim()) ? {} : { email: "Enter your e-mail address, such as ada@example.org." }),
    ...(password.length >= PASSWORD_CHARS ? {} : { password: `Enter your password; it has at least ${PASSWORD_CHARS} characters.` }),
  };
}

function useOnce(action: () => void): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current) return;
    done.current = true;
    action();
  }, []);
}
