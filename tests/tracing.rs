//! Events as those of the crate tracing. The test has a program of its own: while there is one subscriber, tracing takes that of the
//! thread that comes to an event first, which another test's has none of, and the event would stay off.
#![cfg(all(feature = "sandbox", feature = "tracing", not(target_arch = "wasm32")))]

use std::future::IntoFuture;

use pipedrive_users::config::Credential;
use pipedrive_users::transport::{SandboxWorld, Scripted};
use pipedrive_users::{Client, Config};

#[test]
fn every_event_is_one_of_tracing() {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);
    struct Line(String);
    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if ["kind", "status", "operation"].contains(&field.name()) {
                self.0 = format!("{} {}={value:?}", self.0, field.name());
            }
        }
    }
    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "pipedrive_users"
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().expect("no panic").push(line.0);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    let world = SandboxWorld::default();
    let credential = Credential::api_token(&world.tokens().api_token).expect("a good token");
    let client = Client::new(Config::new(credential), world.clone());
    world.script([Scripted::response(503, "{}")]);
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        world.run(client.get_user(1).into_future()).expect("it ends").expect("the second attempt works");
    });
    let lines = log.0.lock().expect("no panic").clone();
    assert_eq!(
        lines,
        [
            "DEBUG kind=\"request\" operation=\"getUser\"",
            "DEBUG kind=\"response\" operation=\"getUser\" status=503",
            "WARN kind=\"retry\" operation=\"getUser\" status=503",
            "DEBUG kind=\"request\" operation=\"getUser\"",
            "DEBUG kind=\"response\" operation=\"getUser\" status=200",
        ]
    );
}
