//! The explorer page with a model behind it, for a browser on this machine.
//!
//! ```text
//!   GET  /                    the page
//!   POST /api/walk            {mutant?, waive?, path, loop?, property?}   the behaviour along a path
//!   POST /api/choices         {mutant?, waive?, path}                     what may be attempted at its end
//!   POST /api/counterexample  {mutant?, waive?, property?}                a shortest counterexample
//! ```
//!
//! It listens on the loopback address only and answers requests only that name
//! it as their host, so that no web page can reach it by way of a domain name of
//! its own; requests are JSON, which pages of other origins cannot send. Bodies
//! are limited. A panic of a model is an answer, not the end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use quorate_traces::{itf, page};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ExploreError;
use super::explorer::Explorer;
use super::live::{Choice, Walk};
use crate::panics;
use crate::registry::{Expected, RegistryError, Rules};

/// The largest request that is read.
const LARGEST_REQUEST: usize = 1 << 20;

/// What is served.
pub enum Content {
    /// A model, and where to begin: a path and its trace, or nothing.
    Live(Box<Explorer>, Option<Box<Walk>>),
    /// Saved traces as ITF; an empty text is a page that asks for a file.
    Saved(String),
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; choose another --port, or leave it out for any that is free")]
    Port {
        /// Which one.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// Serving ended by itself.
    #[error("the server ended: {0}")]
    Ended(#[from] std::io::Error),
}

/// A server that has its port.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Arc<Site>,
}

struct Site {
    page: String,
    explorer: Option<Explorer>,
    hosts: [String; 2],
}

impl Server {
    /// Takes a port on the loopback address: this one, or any that is free.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn bind(port: Option<u16>, content: Content) -> Result<Self, ServeError> {
        let wanted = port.unwrap_or(0);
        let refused = |source| ServeError::Port { port: wanted, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(refused)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (page, explorer) = match content {
            Content::Live(explorer, start) => (live_page(&explorer, start.as_deref()), Some(*explorer)),
            Content::Saved(text) => (page::embed(&text), None),
        };
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", address.port()));
        Ok(Server { listener, address, site: Arc::new(Site { page, explorer, hosts }) })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves until Ctrl-C, or until `end` is over.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn run(self) -> Result<(), ServeError> {
        let Server { listener, site, .. } = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let router = router(site.clone());
        let served = runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::select! {
                ended = async { axum::serve(listener, router).await } => ended,
                interrupted = tokio::signal::ctrl_c() => interrupted,
            }
        });
        if let Some(explorer) = &site.explorer {
            explorer.interrupt();
        }
        runtime.shutdown_timeout(Duration::from_secs(2));
        Ok(served?)
    }
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(async |State(site): State<Arc<Site>>| Html(site.page.clone())))
        .route("/api/walk", post(walk))
        .route("/api/choices", post(choices))
        .route("/api/counterexample", post(counterexample))
        .fallback(async || failure(StatusCode::NOT_FOUND, "there is nothing here; the page is at /"))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(middleware::from_fn_with_state(site.clone(), only_from_here))
        .with_state(site)
}

/// Refuses requests that came by another name than ours.
async fn only_from_here(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST).or(request.uri().authority().map(|authority| authority.as_str()));
    let known = |name: &str| site.hosts.iter().any(|host| host == name);
    let foreign_origin = text(headers, header::ORIGIN).is_some_and(|origin| !origin.strip_prefix("http://").is_some_and(known));
    if !host.is_some_and(known) || foreign_origin {
        return failure(StatusCode::FORBIDDEN, "this server answers pages of its own only");
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// What the page asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Question {
    mutant: Option<String>,
    waive: Vec<String>,
    path: Vec<Choice>,
    #[serde(rename = "loop")]
    loop_start: Option<usize>,
    property: Option<String>,
}

impl Question {
    fn rules(&self) -> Rules {
        Rules { mutant: self.mutant.clone(), waived: self.waive.clone() }
    }
}

type Asked = Result<Json<Question>, JsonRejection>;

async fn walk(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    answer(site, asked, |explorer, question| {
        let rules = question.rules();
        explorer.walk(&rules, &question.path, question.loop_start, question.property.as_deref()).map(|walk| walked(&walk))
    })
    .await
}

async fn choices(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    answer(site, asked, |explorer, question| {
        let choices = explorer.choices(&question.rules(), &question.path)?;
        Ok(serde_json::to_string(&choices).unwrap_or_default())
    })
    .await
}

async fn counterexample(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    answer(site, asked, |explorer, question| {
        explorer.counterexample(&question.rules(), question.property.as_deref()).map(|walk| walked(&walk))
    })
    .await
}

/// The trace is written as files are, so that the page reads it as it reads files.
fn walked(walk: &Walk) -> String {
    format!("{{\"path\": {}, \"trace\": {}}}", json!(walk.path), itf::to_string(&walk.trace))
}

async fn answer(
    site: Arc<Site>,
    asked: Asked,
    ask: impl FnOnce(&Explorer, &Question) -> Result<String, ExploreError> + Send + 'static,
) -> Response {
    let question = match asked {
        Ok(Json(question)) => question,
        Err(rejection) => return failure(rejection.status(), &rejection.body_text()),
    };
    let work = move || match &site.explorer {
        None => Err((StatusCode::NOT_FOUND, String::from("there is no model behind this page"))),
        Some(explorer) => match panics::catch(|| ask(explorer, &question)) {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) => Err((status(&error), error.to_string())),
            Err(words) => Err((StatusCode::INTERNAL_SERVER_ERROR, format!("this program panicked: {words}"))),
        },
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err((status, words))) => failure(status, &words),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn failure(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({"error": words}))).into_response()
}

fn status(error: &ExploreError) -> StatusCode {
    match error {
        ExploreError::Registry(RegistryError::Bounds { .. }) | ExploreError::Registry(RegistryError::Bound { .. }) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ExploreError::Registry(_) | ExploreError::NoInitialState { .. } | ExploreError::NoCounterexample(_) => {
            StatusCode::NOT_FOUND
        }
        ExploreError::TooLong { .. } | ExploreError::NoStart => StatusCode::BAD_REQUEST,
        ExploreError::NoChoice { .. }
        | ExploreError::NoAction { .. }
        | ExploreError::Refused { .. }
        | ExploreError::NoWayBack { .. } => StatusCode::CONFLICT,
        ExploreError::Panicked(_) => StatusCode::UNPROCESSABLE_ENTITY,
        ExploreError::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The page, with what it needs to know of the model.
fn live_page(explorer: &Explorer, start: Option<&Walk>) -> String {
    let subject = explorer.subject();
    let info = subject.info;
    let mutants: Vec<Value> = (info.mutants)()
        .iter()
        .map(|mutant| {
            let dies = match mutant.expected {
                Expected::Dies(property) => Some(property),
                Expected::Equivalent(_) => None,
            };
            json!({"id": mutant.id, "change": mutant.change, "dies": dies})
        })
        .collect();
    let (initial, first) = explorer.open(&subject.rules).map_or((0, 0), |live| (live.initial_states(), live.first_choice()));
    let model = json!({
        "model": info.name,
        "summary": info.summary,
        "mutant": subject.rules.mutant,
        "waive": subject.rules.waived,
        "mutants": mutants,
        "guards": (info.guards)(),
        "initial": initial,
        "first": first,
        "path": start.map(|walk| walk.path.clone()),
    });
    let trace = start.map_or_else(String::new, |walk| itf::to_string(&walk.trace));
    page::live(&model.to_string(), &trace)
}
