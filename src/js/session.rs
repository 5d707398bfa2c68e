//! The session: supabase-js's own, seen going by, kept sealed so that a worker can sync with no page open.
//!
//! Refresh tokens are single-use. One context spends one, under a lock; the successor is stored before it
//! is used. A context that comes with a token that is already spent gets the stored answer (PITFALLS 30).
//! On a refusal all local data stays, and the app asks for sign-in. A sign-in that was ended on this device stays
//! ended: requests that were under way, and tabs that stood still, do not bring it back.

use super::platform::lease;
use super::vault::Vault;
use crate::protocol::{ErrorCode, Fault, Text};
use crate::remote::supabase::{CLIENT, Tokens};
use gloo_net::http::Request;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

const SESSION: &str = "session";
/// Sign-ins that were ended on this device, oldest first.
const ENDED: &str = "ended";
const ENDED_KEPT: usize = 50;
/// Longest a refresh may take before it counts as lost.
const TIMEOUT_MS: u32 = 30_000;
/// A token that expires sooner is refreshed first.
const MARGIN_S: u64 = 30;
/// One that another context has just fetched is taken even if it lives as briefly as this.
const FETCHED_MARGIN_S: u64 = 1;
/// How long a session lasts that cannot be refreshed now; supabase-js asks again 90 s before its end.
const LENT_S: u64 = 120;
/// Spent refresh tokens that still get the stored answer: a tab may sleep through days of hourly refreshes.
const SPENT: usize = 500;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn atob(text: &str) -> Result<String, JsValue>;
}

#[derive(Clone, Serialize, Deserialize)]
struct Session {
    user: String,
    access: String,
    refresh: Option<String>,
    /// Seconds since 1970.
    expires_at: u64,
    /// The auth server's whole answer.
    answer: Option<String>,
    spent: Vec<String>,
}

impl Session {
    /// Where the server is out of reach, supabase-js would try again for half a minute and hold back every
    /// query meanwhile. Instead it gets the session it has, for a little longer: the device needs no token.
    fn lent(&self) -> Option<String> {
        self.told(now_s() + LENT_S)
    }

    /// The server's answer with the end by this device's clock: where the two clocks differ, supabase-js would take each token for
    /// expired as soon as it has it, and refresh before every request.
    fn told(&self, expires_at: u64) -> Option<String> {
        let mut answer: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(self.answer.as_deref()?).ok()?;
        answer.insert("expires_in".into(), expires_at.saturating_sub(now_s()).into());
        answer.insert("expires_at".into(), expires_at.into());
        serde_json::to_string(&answer).ok()
    }
}

/// What the auth server answers to a sign-in or refresh.
#[derive(Deserialize)]
struct AuthAnswer {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<u64>,
    role: Option<String>,
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct RefreshBody {
    refresh_token: String,
}

/// Status and body of an auth answer.
pub type Answered = (u16, String);

pub struct Sessions {
    url: String,
    key: String,
    lock: String,
    vault: Vault,
    session: RefCell<Option<Session>>,
}

impl Sessions {
    pub async fn open(name: &str, url: &str, key: &str) -> Result<Rc<Self>, Fault> {
        let sessions = Self {
            url: url.into(),
            key: key.into(),
            lock: format!("thermocline/{name}/session"),
            vault: Vault::open(name).await?,
            session: RefCell::new(None),
        };
        sessions.reload().await?;
        Ok(Rc::new(sessions))
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    pub fn user(&self) -> Option<String> {
        self.session.borrow().as_ref().map(|session| session.user.clone())
    }

    /// Takes over what another context has stored.
    pub async fn reload(&self) -> Result<(), Fault> {
        let stored = self.vault.get(SESSION).await?;
        *self.session.borrow_mut() = stored.and_then(|json| serde_json::from_str(&json).ok());
        Ok(())
    }

    /// Stores the session that this context knows, into a vault that has lost it.
    pub async fn keep(&self) -> Result<(), Fault> {
        let session = self.session.borrow().clone();
        self.store(session).await
    }

    /// Learns a session from an auth answer that went by. Whether there was one.
    pub async fn learn(&self, answer: &str) -> Result<bool, Fault> {
        match self.read_answer(answer) {
            Some(session) => self.store_unless_ended(session).await,
            None => Ok(false),
        }
    }

    /// Where nothing is stored yet, a user's own access token tells whose database this is.
    pub async fn adopt(&self, authorization: &str) -> Result<bool, Fault> {
        if self.session.borrow().is_some() {
            return Ok(false);
        }
        let Some(token) = authorization.strip_prefix("Bearer ") else { return Ok(false) };
        let Some((user, expires_at)) = read_token(token).filter(|(_, expires)| *expires > now_s()) else {
            return Ok(false);
        };
        let access = token.to_owned();
        let session = Session { user, access, refresh: None, expires_at, answer: None, spent: Vec::new() };
        self.store_unless_ended(session).await
    }

    /// Ends the sign-in that this context knows, unless another has taken its place.
    pub async fn end(&self) -> Result<(), Fault> {
        let Some(ending) = self.session.borrow().clone() else { return Ok(()) };
        let _lock = lease(&self.lock).await;
        let mut ended = self.ended().await?;
        ended.push(sign_in_of(&ending.access));
        ended.drain(..ended.len().saturating_sub(ENDED_KEPT));
        self.vault.put(ENDED, serde_json::to_string(&ended).ok().as_deref()).await?;
        self.reload().await?;
        let is_ours = self.session.borrow().as_ref().is_some_and(|now| now.user == ending.user);
        if is_ours { self.store(None).await } else { Ok(()) }
    }

    /// Whether the sign-in that this context knows was ended, here or elsewhere on this device.
    pub async fn has_ended(&self) -> Result<bool, Fault> {
        let access = self.session.borrow().as_ref().map(|session| session.access.clone());
        let Some(access) = access else { return Ok(false) };
        Ok(self.ended().await?.contains(&sign_in_of(&access)))
    }

    async fn ended(&self) -> Result<Vec<String>, Fault> {
        let stored = self.vault.get(ENDED).await?;
        Ok(stored.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    async fn store_unless_ended(&self, session: Session) -> Result<bool, Fault> {
        if self.ended().await?.contains(&sign_in_of(&session.access)) {
            return Ok(false);
        }
        self.store(Some(session)).await.map(|()| true)
    }

    /// Answers supabase-js's own refresh: from the store if the token is spent, else by the server.
    pub async fn refresh_for_app(&self, body: &str) -> Result<Answered, Fault> {
        let Ok(RefreshBody { refresh_token }) = serde_json::from_str(body) else {
            return Err(Fault::new(ErrorCode::InvalidRequest, "a refresh without a refresh_token"));
        };
        let _lock = lease(&self.lock).await;
        self.reload().await?;
        let Some(session) = self.known_by(&refresh_token) else { return self.spend(&refresh_token).await };
        let newest = session.refresh.as_ref().unwrap_or(&refresh_token);
        let is_spent = *newest != refresh_token;
        match session.told(session.expires_at) {
            Some(answer) if is_spent && session.expires_at > now_s() + FETCHED_MARGIN_S => Ok((200, answer)),
            // A page may have slept longer than the successor lived: spending its own would end the session.
            _ => match self.spend(newest).await {
                Err(fault) if fault.code == ErrorCode::Offline => {
                    session.lent().map(|answer| (200, answer)).ok_or(fault)
                }
                answered => answered,
            },
        }
    }

    /// The stored session, if this is its refresh token or one that was spent on the way to it.
    fn known_by(&self, refresh_token: &str) -> Option<Session> {
        let session = self.session.borrow();
        let is_known = |known: &Session| {
            known.refresh.as_deref() == Some(refresh_token)
                || known.spent.iter().any(|spent| spent == refresh_token)
        };
        session.clone().filter(is_known)
    }

    /// Spends a refresh token; the successor is stored before anyone uses it.
    async fn spend(&self, refresh_token: &str) -> Result<Answered, Fault> {
        let unreachable = |_| {
            Fault::new(ErrorCode::Offline, format!("{} cannot be reached to refresh the session", self.url))
        };
        let request = Request::post(&format!("{}/auth/v1/token?grant_type=refresh_token", self.url))
            .header("apikey", &self.key)
            .header("content-type", "application/json;charset=UTF-8")
            .header("x-client-info", CLIENT)
            .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)))
            .body(serde_json::json!({"refresh_token": refresh_token}).to_string())
            .map_err(unreachable)?;
        let response = request.send().await.map_err(unreachable)?;
        let (status, answer) = (response.status(), response.text().await.map_err(unreachable)?);
        let Some(mut session) = self.read_answer(&answer).filter(|_| status == 200) else {
            return Ok((status, answer));
        };
        if !session.spent.iter().any(|spent| spent == refresh_token) {
            session.spent.push(refresh_token.to_owned());
        }
        let told = session.told(session.expires_at).unwrap_or(answer);
        self.store_unless_ended(session).await?;
        Ok((status, told))
    }

    /// A session from an auth answer, with what is known to be spent.
    fn read_answer(&self, answer: &str) -> Option<Session> {
        let read: AuthAnswer = serde_json::from_str(answer).ok()?;
        let access = read.access_token?;
        let (user, expires) = read_token(&access)?;
        let expires_at = read.expires_in.map_or(expires, |seconds| now_s() + seconds);
        let mut spent = Vec::new();
        if let Some(known) = self.session.borrow().as_ref().filter(|known| known.user == user) {
            spent.clone_from(&known.spent);
            spent.extend(known.refresh.clone().filter(|token| Some(token) != read.refresh_token.as_ref()));
            spent.drain(..spent.len().saturating_sub(SPENT));
        }
        Some(Session {
            user,
            access,
            refresh: read.refresh_token,
            expires_at,
            answer: Some(answer.into()),
            spent,
        })
    }

    async fn store(&self, session: Option<Session>) -> Result<(), Fault> {
        let json = session.as_ref().and_then(|session| serde_json::to_string(session).ok());
        self.vault.put(SESSION, json.as_deref()).await?;
        *self.session.borrow_mut() = session;
        Ok(())
    }

    /// The session, if it is this user's.
    fn of(&self, user: Option<&str>) -> Result<Session, Fault> {
        let session = self.session.borrow().clone();
        session.filter(|session| Some(session.user.as_str()) == user).ok_or_else(|| {
            Fault::new(
                ErrorCode::Unauthorized,
                "nobody is signed in; sign in to sync, local changes are kept",
            )
        })
    }

    /// Replaces an access token under the lock, unless another context has done so.
    async fn refresh(&self, user: Option<&str>, spent: &str) -> Result<String, Fault> {
        let known = self.session.borrow().as_ref().and_then(|session| session.refresh.clone());
        let _lock = lease(&self.lock).await;
        self.reload().await?;
        let session = self.of(user)?;
        let is_another = session.access != spent || session.refresh != known;
        if is_another && session.expires_at > now_s() + FETCHED_MARGIN_S {
            return Ok(session.access);
        }
        let sign_in = || {
            Fault::new(
                ErrorCode::Unauthorized,
                "the session has ended; sign in again, local changes are kept",
            )
        };
        let token = session.refresh.ok_or_else(sign_in)?;
        match self.spend(&token).await? {
            (200, _) => self.of(user).map(|session| session.access),
            (400 | 401 | 403, _) => Err(sign_in()),
            (status, _) => {
                Err(Fault::new(ErrorCode::ServerError, format!("the auth server answered {status}")))
            }
        }
    }
}

/// The tokens of one user: whoever else signs in, nothing of theirs goes out under another's name (invariant 11).
pub struct UserTokens {
    pub sessions: Rc<Sessions>,
    /// None: nobody, so there are none.
    pub user: Option<Text>,
}

impl Tokens for UserTokens {
    async fn access(&self) -> Result<String, Fault> {
        let session = self.sessions.of(self.user.as_deref())?;
        if session.expires_at > now_s() + MARGIN_S {
            return Ok(session.access);
        }
        self.renew(&session.access).await
    }

    async fn renew(&self, spent: &str) -> Result<String, Fault> {
        self.sessions.refresh(self.user.as_deref(), spent).await
    }
}

/// User and expiry of a user's access token; the server alone checks its signature.
fn read_token(token: &str) -> Option<(String, u64)> {
    let claims = claims_of(token)?;
    let is_user = claims.role.as_deref().is_none_or(|role| role == "authenticated");
    Some((claims.sub.filter(|_| is_user)?, claims.exp.unwrap_or(0)))
}

/// What tells one sign-in from the next: the auth server's id of it; a token without one stands for itself.
fn sign_in_of(token: &str) -> String {
    claims_of(token).and_then(|claims| claims.session_id).unwrap_or_else(|| token.to_owned())
}

fn claims_of(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    serde_json::from_str(&atob(&payload).ok()?).ok()
}

fn now_s() -> u64 {
    (js_sys::Date::now() / 1_000.0) as u64
}
