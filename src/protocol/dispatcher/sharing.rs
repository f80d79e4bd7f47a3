//! Who shares a request with whom, who drives it, and who looks again when something has changed.

use super::call::{Call, Phase};
use super::shared_request::Exchange;
use super::step::{CallId, Moment, Step};
use super::{Dispatcher, Exchanged};
use crate::limits::Ticket;
use crate::protocol::exchange::ExchangeMachine;
use crate::schema::Method;
use crate::transport::Transport;

/// How long after its timeout a shared request that no call drives is taken for stopped.
const STOPPED_AFTER_MS: f64 = 5_000.0;

/// How far a request is.
pub(super) enum Stage<R: Transport> {
    /// The call that asked has this step to do.
    Step(Step<R>),
    /// It is over, after so many attempts.
    Over(u32, Exchanged<R>),
    /// Its driver has stopped without a word, as a Worker's request is stopped.
    Stopped,
}

impl<R: Transport> Dispatcher<R> {
    /// Joins an identical GET with the same credential, or begins a request. Says whether it joined one.
    pub(super) fn send(&mut self, call: &mut Call<R>, may_join: bool) -> bool {
        // Where the transport adds a credential of its own, two requests may belong to two users.
        let signed = &call.signed;
        let is_shareable = may_join
            && signed.endpoint.method == Method::Get
            && (signed.credential.is_some() || call.is_identity_known);
        let mut same = self.exchanges.iter_mut();
        if is_shareable
            && let Some(exchange) = same
                .find(|other| other.is_shareable && other.result.is_none() && other.signed.is_same(signed))
        {
            exchange.calls.push(call.id);
            call.phase = Phase::Exchange(exchange.machine.ticket());
            call.watch = (0, 0.0);
            self.usage.save(signed.endpoint);
            return true;
        }
        let machine = ExchangeMachine::new(signed.request.policy(signed.endpoint), &mut self.limiter);
        call.phase = Phase::Exchange(machine.ticket());
        self.exchanges.push(Box::new(Exchange {
            machine,
            signed: signed.clone(),
            is_shareable,
            calls: vec![call.id],
            attempt: 0,
            sent: None,
            outcome: None,
            emitted: Vec::new(),
            action: None,
            error: None,
            result: None,
            steps: 0,
            is_idle: false,
        }));
        false
    }

    /// How far the request of a call is.
    pub(super) fn exchange(&mut self, call: &mut Call<R>, ticket: Ticket, moment: Moment) -> Stage<R> {
        let mut exchanges = self.exchanges.iter_mut();
        let Some(exchange) = exchanges.find(|exchange| exchange.machine.ticket() == ticket) else {
            return Stage::Stopped;
        };
        if exchange.result.is_none() {
            if exchange.calls.first() != Some(&call.id) {
                let (steps, until) = call.watch;
                if moment.now < until {
                    return Stage::Step(Step::Wait(until - moment.now));
                }
                if steps == exchange.steps {
                    // It has stopped: no other call may wait for it.
                    exchange.is_shareable = false;
                    self.leave(ticket, call.id, moment.now);
                    return Stage::Stopped;
                }
                let wait = f64::from(call.signed.request.timeout_ms) + STOPPED_AFTER_MS;
                call.watch = (exchange.steps, moment.now + wait);
                return Stage::Step(Step::Wait(wait));
            }
            exchange.steps += 1;
            if let Some(step) = exchange.drive(
                &mut self.limiter,
                &mut self.usage,
                &self.server,
                &mut self.next_attempt,
                &mut self.aborted,
                moment,
            ) {
                // Where it still waits, nothing has changed for the others.
                let is_waiting = matches!(step, Step::Wait(_));
                exchange.is_idle = is_waiting && exchange.machine.is_queued();
                if !is_waiting {
                    self.wake_first();
                }
                return Stage::Step(step);
            }
            self.woken.extend(exchange.calls.iter().filter(|other| **other != call.id));
        }
        let result = exchange.result.clone();
        let attempts = exchange.machine.attempts();
        self.leave(ticket, call.id, moment.now);
        result.map_or(Stage::Stopped, |result| Stage::Over(attempts, result))
    }

    /// A call leaves a request, which ends with the last.
    pub(super) fn leave(&mut self, ticket: Ticket, id: CallId, now: f64) {
        let Some(index) = self.exchanges.iter().position(|exchange| exchange.machine.ticket() == ticket)
        else {
            return;
        };
        let Some(exchange) = self.exchanges.get_mut(index) else { return };
        let was_first = exchange.calls.first() == Some(&id);
        exchange.calls.retain(|call| *call != id);
        match exchange.calls.first() {
            Some(next) if was_first && exchange.result.is_none() => self.woken.push(*next),
            Some(_) => {}
            None => {
                let mut exchange = self.exchanges.swap_remove(index);
                if exchange.is_in_flight() {
                    self.aborted.push(exchange.attempt);
                }
                exchange.machine.leave(exchange.signed.endpoint, &mut self.limiter, &mut self.usage, now);
            }
        }
        self.wake_first();
    }

    /// Something has changed: the first request that waits looks again.
    pub(super) fn wake_first(&mut self) {
        let Some(first) = self.limiter.first() else { return };
        for exchange in &mut self.exchanges {
            if exchange.is_idle && exchange.machine.ticket() == first {
                exchange.is_idle = false;
                self.woken.extend(exchange.calls.first());
            }
        }
    }
}
