//! The dev server on a PostgreSQL of its own, as a process, and a remote that speaks to it.

use serde_json::value::RawValue;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use thermocline::engine::interface::{Failure, Message, Reply};
use thermocline::protocol::audit::{read_audit, read_buckets};
use thermocline::protocol::pull::{read_pull, read_schema, schema_body};
use thermocline::protocol::push::{push_body, read_push};
use thermocline::protocol::{ErrorCode, Fault, Text, limits};
use thermocline::remote::Remote;

pub struct Server {
    process: Child,
    pub url: String,
    pub key: String,
    /// PostgreSQL's own address.
    pub database: String,
}

/// Someone's session: calls the sync functions as they do in the browser, one HTTP request a message.
pub struct Session {
    url: String,
    key: String,
    token: String,
    pub user: String,
}

impl Server {
    pub fn start() -> Self {
        let mut process = Command::new("node")
            .args(["supabase/dev/cli.mjs", "--port", "0"])
            .env("BACKEND", "postgres")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there, as make setup sees to");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut words = output.lines().map_while(Result::ok).filter_map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            match words.next()?.as_str() {
                "backend" => words.next(),
                "anon" => words.nth(1),
                "database" => words.next(),
                _ => None,
            }
        });
        let url = words.next().expect("the server says its address");
        let key = words.next().expect("the server says its key");
        let database = words.next().expect("the server says where its database is");
        Self { process, url, key, database }
    }

    /// Signs somebody new up.
    pub fn sign_up(&self, email: &str) -> Session {
        let body = serde_json::json!({"email": email, "password": "a long enough password"}).to_string();
        let answer =
            post(&format!("{}/auth/v1/signup", self.url), &self.key, &self.key, &body).expect("signs up");
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        Session {
            url: self.url.clone(),
            key: self.key.clone(),
            token: text(&answer["access_token"]),
            user: text(&answer["user"]["id"]),
        }
    }
}

impl Drop for Server {
    /// A polite end, so that its PostgreSQL goes with it.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

impl Session {
    /// The same user on another device.
    pub fn again(&self) -> Self {
        let Self { url, key, token, user } = self;
        Self { url: url.clone(), key: key.clone(), token: token.clone(), user: user.clone() }
    }

    fn call(&self, function: &str, body: &str) -> Result<String, Failure> {
        post(&format!("{}/rest/v1/rpc/{function}", self.url), &self.key, &self.token, body)
    }
}

impl Remote for Session {
    async fn send(&self, message: &Message, client: &str) -> Result<Reply, Failure> {
        let wrong = |what: String| Failure::from(Fault::new(ErrorCode::IncompatibleServer, what));
        match message {
            Message::Schema(tables) => {
                let answer = self.call("thermocline_schema", &schema_body(tables))?;
                read_schema(&answer).map(Reply::Schema).map_err(wrong)
            }
            Message::Push(groups) => {
                let answer = self.call("thermocline_push", &push_body(client, groups))?;
                read_push(&answer, groups).map(Reply::Push).map_err(wrong)
            }
            Message::Pull(request, since) => {
                let answer =
                    self.call("thermocline_pull", &request.body(client, limits::PULL_ROWS, since))?;
                read_pull(&answer).map(Reply::Pull).map_err(wrong)
            }
            Message::Audit(request) => {
                let answer = self.call("thermocline_audit", &request.body(client))?;
                read_audit(&answer, request).map(Reply::Audit).map_err(wrong)
            }
            Message::Buckets(request) => {
                let answer = self.call("thermocline_bucket", &request.body(client))?;
                read_buckets(&answer, request).map(Reply::Buckets).map_err(wrong)
            }
        }
    }

    async fn rows(&self, table: &str, query: &str) -> Result<Vec<Text>, Failure> {
        let failed = |error: String| Failure::from(Fault::new(ErrorCode::ServerError, error));
        let mut response = ureq::get(format!("{}/rest/v1/{table}?{query}", self.url))
            .header("apikey", &self.key)
            .header("authorization", format!("Bearer {}", self.token))
            .call()
            .map_err(|error| failed(error.to_string()))?;
        let answer = response.body_mut().read_to_string().map_err(|error| failed(error.to_string()))?;
        let rows: Vec<&RawValue> =
            serde_json::from_str(&answer).map_err(|error| failed(error.to_string()))?;
        Ok(rows.into_iter().map(|row| row.get().into()).collect())
    }
}

fn post(url: &str, key: &str, token: &str, body: &str) -> Result<String, Failure> {
    let failed = |error: ureq::Error| Failure::from(Fault::new(ErrorCode::ServerError, error.to_string()));
    let mut response = ureq::post(url)
        .header("apikey", key)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .send(body)
        .map_err(failed)?;
    response.body_mut().read_to_string().map_err(failed)
}
