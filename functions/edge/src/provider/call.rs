//! A call to a recipient: signed with its secrets, with its authentication profile, within one
//! deadline.
//!
//! Neighbours: the dispatcher sends requests by it, `…/test` a ping. Guarantee: no secret is in an
//! answer or a log line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::cause::Silence;
use domain::ids::Id;
use domain::plan::auth::AuthType;
use domain::plan::channel::Recipient;
use domain::request::dispatched::Answer;
use domain::time::{Period, Time};

use crate::app::App;
use crate::ports::Post;
use crate::provider::credential_place;
use crate::provider::signature::sign;
use crate::provider::token::{Client, Grant};
use crate::secret::BrokenSeal;

/// The message.
pub struct Letter {
    /// The `webhook-id`, by which the provider deduplicates.
    pub id: String,
    /// The bytes.
    pub body: String,
    /// Headers beside the signature and the credentials.
    pub headers: Vec<(&'static str, String)>,
    /// The deadline over everything.
    pub timeout: Period,
}

/// One call on its way.
struct Calling<'a> {
    app: &'a App,
    tenant: Id,
    to: &'a Recipient<'a>,
    deadline: Time,
}

impl App {
    /// Posts a letter to a recipient.
    pub async fn call(&self, tenant: Id, to: &Recipient<'_>, letter: &Letter) -> Answer {
        let now = self.clock.now();
        let secrets = match self.open_secrets(to.id, to.secrets).await {
            Ok(secrets) => secrets,
            Err(error) => return closed("secret", &error),
        };
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(sign(&secrets, &letter.id, now, letter.body.as_bytes()));
        headers.extend(letter.headers.iter().cloned());
        let post = Post {
            url: to.target.endpoint_url.clone(),
            headers: headers.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            body: letter.body.clone(),
            timeout: letter.timeout,
        };
        let deadline = now.after(letter.timeout);
        Calling { app: self, tenant, to, deadline }.authenticated(post).await
    }
}

impl Calling<'_> {
    async fn authenticated(&self, post: Post) -> Answer {
        let profile = &self.to.target.auth_profile;
        if profile.kind == AuthType::None {
            return self.app.provider.post(&post).await;
        }
        let secret = match self.credential().await {
            Ok(secret) => secret,
            Err(error) => return closed("credential", &error),
        };
        match profile.kind {
            AuthType::None => self.app.provider.post(&post).await,
            AuthType::Basic => {
                let user = profile.username.as_deref().unwrap_or_default();
                let encoded = STANDARD.encode(format!("{user}:{secret}"));
                let answer = self.with(post, "authorization", format!("Basic {encoded}")).await;
                without(&secret, without(&encoded, answer))
            }
            AuthType::Header => {
                let name = profile.name.clone().unwrap_or_default();
                without(&secret, self.with(post, &name, secret.clone()).await)
            }
            AuthType::OauthClientCredentials => self.with_token(post, secret).await,
        }
    }

    async fn credential(&self) -> Result<String, BrokenSeal> {
        let sealed = self.to.credential.ok_or(BrokenSeal::Changed)?;
        let opened = self.app.open(sealed, &credential_place(self.to.id)).await?;
        String::from_utf8(opened.bytes().to_vec()).map_err(|_| BrokenSeal::Changed)
    }

    async fn with(&self, mut post: Post, name: &str, value: String) -> Answer {
        post.headers.push((name.to_owned().into(), value));
        self.app.provider.post(&post).await
    }

    /// A token that was kept may have been ended early: then a fresh one is asked for, once.
    async fn with_token(&self, post: Post, secret: String) -> Answer {
        let profile = &self.to.target.auth_profile;
        let client = Client {
            url: profile.token_url.clone().unwrap_or_default(),
            id: profile.client_id.clone().unwrap_or_default(),
            secret,
            scope: profile.scope.clone(),
        };
        let mut refused = None;
        let owner = (self.tenant, self.to.id, self.to.version);
        loop {
            let Some(left) = self.left() else { return late() };
            let ports = (&*self.app.clock, &*self.app.provider);
            let granted = self.app.tokens.get(ports, owner, &client, left, refused).await;
            let Grant { token, kept } = match granted {
                Ok(grant) => grant,
                Err(answer) => return answer,
            };
            let Some(left) = self.left() else { return late() };
            let post = Post { timeout: left, ..post.clone() };
            let answer = self.with(post, "authorization", format!("Bearer {token}")).await;
            let answer = without(&token, answer);
            if kept && matches!(answer, Answer::Http { status: 401, .. }) {
                refused = Some(token);
                continue;
            }
            return answer;
        }
    }

    /// The time that is left until the deadline.
    fn left(&self) -> Option<Period> {
        let left = self.deadline.since(self.app.clock.now());
        (left.millis() > 0).then_some(left)
    }
}

/// The answer without a credential that the provider says back: it is kept and shown.
fn without(credential: &str, answer: Answer) -> Answer {
    let Answer::Http { status, body, mut heard } = answer else { return answer };
    let quoted = serde_json::Value::from(credential).to_string();
    let escaped = quoted.trim_matches('"');
    let without = |text: String| match credential {
        "" => text,
        plain => text.replace(plain, "[credential]").replace(escaped, "[credential]"),
    };
    heard.location = heard.location.map(without);
    Answer::Http { status, body: without(body), heard }
}

/// A seal that never fits stops the request; a key that is not to be had just now does not.
fn closed(what: &str, error: &BrokenSeal) -> Answer {
    let detail = format!("The method's {what} cannot be opened: {error}.");
    if error.is_passing() { Answer::None(Silence::Secret, detail) } else { Answer::Blocked(detail) }
}

fn late() -> Answer {
    let detail = "The token server took all of the method's time-out.";
    Answer::None(Silence::Token, detail.to_owned())
}
