//! One kept HTTP/1.1 connection.

use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::prover::Prover;

/// A kept connection to the server.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    prover: Option<Rc<Prover>>,
}

/// A body and its type.
pub(crate) enum Body<'a> {
    Form(&'a [(&'a str, &'a str)]),
    Json(&'a Value),
    Text(String),
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string(), prover: None })
    }

    /// The same connection, on which every call proves a key.
    pub(crate) fn proving(self, prover: Option<Rc<Prover>>) -> Self {
        Self { prover, ..self }
    }

    /// Status and document of the answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Body<'_>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let (status, _, document) = self.exchange(method, path, authorization, body).await?;
        Ok((status, document))
    }

    /// Status, headers and document of the answer.
    pub(crate) async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Body<'_>,
    ) -> anyhow::Result<(StatusCode, HeaderMap, Value)> {
        let (kind, bytes) = match body {
            Body::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs);
                ("application/x-www-form-urlencoded", form.finish())
            }
            Body::Json(document) => ("application/json", document.to_string()),
            Body::Text(text) => ("application/json", text),
        };
        let proof = self.prover.as_ref().map(|prover| prover.proof(&method, path)).transpose()?;
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        request = request.header("content-type", kind).header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.sender.ready().await.context("the server closed the connection")?;
        let response = self.sender.send_request(request.body(Full::new(Bytes::from(bytes)))?).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await?.to_bytes();
        if body.is_empty() {
            return Ok((status, headers, Value::Null));
        }
        match serde_json::from_slice(&body) {
            Ok(document) => Ok((status, headers, document)),
            Err(_) => bail!("{path} answered {status} without JSON"),
        }
    }
}
