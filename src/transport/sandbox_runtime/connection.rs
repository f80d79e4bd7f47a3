//! The way of a request to the sandbox, unless the script has something else for it.

use std::future::pending;
use std::time::Duration;

use serde_json::Value;

use super::{SandboxWorld, Scripted, State};
use crate::sandbox::{self, Delivery};
use crate::transport::{Cause, Clock, HeaderList, Progress, Request, Response, SendError, Transport};

/// Counts a request while it is in flight.
struct InFlight<'a>(&'a State);

impl<'a> InFlight<'a> {
    fn new(state: &'a State) -> Self {
        state.world.borrow_mut().in_flight += 1;
        Self(state)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.world.borrow_mut().in_flight -= 1;
    }
}

impl Transport for SandboxWorld {
    type Text = String;
    type Headers = HeaderList;
    type Json = Value;
    type Thrown = Cause;

    async fn send(&self, request: Request) -> Result<Response<Self>, SendError<Self>> {
        let _in_flight = InFlight::new(&self.0);
        let max_body_bytes = usize::try_from(request.max_body_bytes).unwrap_or(usize::MAX);
        let latency = {
            let mut world = self.0.world.borrow_mut();
            world.sent.push(request.clone());
            world.idle = 0;
            world.latency
        };
        self.sleep(latency).await;
        let step = self.0.world.borrow_mut().script.pop_front();
        let (status, headers, body) = match step {
            Some(Scripted::Hang) => return pending().await,
            Some(Scripted::Fail(progress)) => {
                let cause = Cause::new("the script failed it");
                return Err(SendError { progress, head: None, cause });
            }
            Some(Scripted::Answer { status, headers, body }) => (status, headers, body),
            Some(Scripted::Pass) | None => {
                let request = sandbox::Request {
                    method: request.method.as_str().to_owned(),
                    target: request.url,
                    headers: request.headers.0,
                    body: request.body.unwrap_or_default(),
                };
                let now = self.wall();
                let response = self.0.sandbox.borrow_mut().handle(&request, now);
                self.sleep(Duration::from_millis(response.delay_ms.into())).await;
                let lost = |progress, head| {
                    Err(SendError { progress, head, cause: Cause::new("the sandbox ended the connection") })
                };
                match response.delivery {
                    Delivery::Complete => (response.status, response.headers, response.body),
                    Delivery::Never => return pending().await,
                    Delivery::Reset => return lost(Progress::Unknown, None),
                    Delivery::CutOff => {
                        return lost(
                            Progress::BodyCutOff,
                            Some((response.status, HeaderList(response.headers))),
                        );
                    }
                }
            }
        };
        let headers = HeaderList(headers);
        if body.len() > max_body_bytes {
            let cause = Cause::new("see max_body_bytes");
            return Err(SendError { progress: Progress::BodyTooLarge, head: Some((status, headers)), cause });
        }
        Ok(Response { status, headers, body })
    }

    fn parse_json(text: &String) -> Option<Value> {
        serde_json::from_str(text).ok()
    }
}
