use super::*;

const MAX: f64 = 30_000.0;

fn known(limit: u32) -> RollingWindow {
    RollingWindow { limit: usize::try_from(limit).ok(), has_response: true, ..RollingWindow::default() }
}

#[test]
fn ten_calls_go_before_anything_is_known() {
    let mut window = RollingWindow::default();
    let mut slots = Vec::new();
    for _ in 0..10 {
        assert_eq!(window.next_slot(None, 0.0), NextSlot::Now);
        slots.push(window.send(MAX, 0.0));
    }
    assert_eq!(window.next_slot(None, 0.0), NextSlot::AfterResponse);
    window.observe(slots[0], 20.0.into(), 19.0.into(), Optional::UNKNOWN, 10.0);
    window.release(slots[0], true, 10.0);
    assert_eq!(window.next_slot(None, 10.0), NextSlot::Now);
}

#[test]
fn calls_without_a_response_are_no_reason_for_more_than_ten() {
    let mut window = RollingWindow::default();
    for _ in 0..10 {
        let slot = window.send(MAX, 0.0);
        window.release(slot, false, 0.0);
    }
    assert_eq!(window.next_slot(None, 400.0), NextSlot::At(4_001.0));
}

#[test]
fn a_slot_is_free_two_seconds_after_its_response() {
    let mut window = known(1);
    let slot = window.send(MAX, 0.0);
    assert_eq!(window.next_slot(None, 5_000.0), NextSlot::AfterResponse);
    window.release(slot, true, 5_000.0);
    assert_eq!(window.next_slot(None, 5_000.0), NextSlot::At(7_001.0));
    assert_eq!(window.next_slot(None, 7_000.9), NextSlot::At(7_001.0));
    assert_eq!(window.next_slot(None, 7_001.0), NextSlot::Now);
}

#[test]
fn a_call_without_a_response_occupies_its_slot_longer() {
    let mut window = known(1);
    let slot = window.send(MAX, 0.0);
    window.release(slot, false, 100.0);
    assert_eq!(window.next_slot(None, 100.0), NextSlot::At(4_101.0));
    let slot = window.send(MAX, 4_101.0);
    window.cancel(slot);
    assert_eq!(window.next_slot(None, 4_101.0), NextSlot::Now, "it was not sent");
}

#[test]
fn a_call_whose_end_nobody_reports_ends_all_the_same() {
    let mut window = known(1);
    window.send(1_000.0, 0.0);
    assert_eq!(window.next_slot(None, 2_999.0), NextSlot::AfterResponse);
    assert_eq!(window.next_slot(None, 3_500.0), NextSlot::AfterResponse, "the report may be about to come");
    assert_eq!(window.next_slot(None, 5_499.0), NextSlot::AfterResponse);
    assert_eq!(window.next_slot(None, 5_500.0), NextSlot::Now);
}

#[test]
fn a_call_whose_end_is_reported_late_is_in_flight_until_then() {
    let mut window = known(2);
    let slot = window.send(1_000.0, 0.0);
    // A hook has kept the thread busy for a minute.
    assert_eq!(window.next_slot(Some(1), 60_000.0), NextSlot::AfterResponse);
    window.release(slot, true, 60_001.0);
    assert_eq!(window.next_slot(Some(1), 60_001.0), NextSlot::Now);
    window.send(1_000.0, 60_001.0);
    assert_eq!(window.next_slot(None, 60_002.0), NextSlot::At(62_002.0));
}

#[test]
fn concurrency_is_limited_where_it_is_asked_for() {
    let mut window = known(20);
    window.send(MAX, 0.0);
    assert_eq!(window.next_slot(Some(1), 0.0), NextSlot::AfterResponse);
    assert_eq!(window.next_slot(Some(2), 0.0), NextSlot::Now);
}

#[test]
fn the_time_of_the_next_slot_is_known_in_a_full_window() {
    let mut window = known(3);
    for sent_at in [0.0, 100.0, 200.0] {
        let slot = window.send(MAX, sent_at);
        window.release(slot, true, sent_at + 50.0);
    }
    assert_eq!(window.next_slot(None, 300.0), NextSlot::At(2_051.0));
    window.limit = Some(2);
    assert_eq!(window.next_slot(None, 300.0), NextSlot::At(2_151.0), "a lower limit has to wait for two");
}

#[test]
fn other_programs_with_the_token_are_left_room_for() {
    let mut window = known(10);
    let slot = window.send(MAX, 0.0);
    window.observe(slot, Optional::UNKNOWN, 2.0.into(), 2_000.0.into(), 20.0);
    window.release(slot, true, 20.0);
    for _ in 0..2 {
        assert_eq!(window.next_slot(None, 30.0), NextSlot::Now);
        window.send(MAX, 30.0);
    }
    assert_eq!(window.next_slot(None, 30.0), NextSlot::At(2_021.0));
}

#[test]
fn others_keep_their_slots_until_the_latest_end_and_for_no_longer_than_a_window() {
    let mut window = known(2);
    let slots = [window.send(MAX, 0.0), window.send(MAX, 0.0)];
    window.observe(slots[0], 10.0.into(), 0.0.into(), 86_400_000.0.into(), 0.0);
    // A response that was overtaken reports an earlier end.
    window.observe(slots[1], Optional::UNKNOWN, 0.0.into(), 1_000.0.into(), 10.0);
    window.cancel(slots[0]);
    window.cancel(slots[1]);
    window.limit = Some(8);
    assert_eq!(window.next_slot(None, 1_500.0), NextSlot::At(2_001.0));
    assert_eq!(window.next_slot(None, 2_001.0), NextSlot::Now);
}

#[test]
fn our_own_calls_are_not_taken_for_others() {
    let mut window = known(4);
    let slots: Vec<_> = (0..4).map(|_| window.send(MAX, 0.0)).collect();
    // The server counted all four before the first response was sent.
    for slot in &slots {
        window.observe(*slot, Optional::UNKNOWN, 0.0.into(), 2_000.0.into(), 400.0);
        window.release(*slot, true, 400.0);
    }
    assert_eq!(window.others, 0);
    // This response left the server while slots were occupied that have become free on its way.
    let mut window = RollingWindow { cooling: vec![100.0, 100.0, 100.0], ..known(4) };
    let slot = window.send(MAX, 50.0);
    window.observe(slot, Optional::UNKNOWN, 0.0.into(), Optional::UNKNOWN, 200.0);
    assert_eq!(window.others, 0);
}

#[test]
fn a_pause_holds_everything_and_no_longer_than_a_minute() {
    let mut window = known(10);
    window.pause(5_000.0, 0.0);
    window.pause(4_000.0, 0.0);
    assert_eq!(window.next_slot(None, 1.0), NextSlot::At(5_000.0));
    assert_eq!(window.next_slot(None, 5_000.0), NextSlot::Now);
    window.pause(1e12, 5_000.0);
    assert_eq!(window.next_slot(None, 5_000.0), NextSlot::At(65_000.0));
}

#[test]
fn a_server_that_tells_no_limit_gets_any_number_of_calls_one_after_the_other() {
    let mut window = RollingWindow::default();
    for _ in 0..50 {
        assert_eq!(window.next_slot(None, 0.0), NextSlot::Now);
        let slot = window.send(MAX, 0.0);
        window.release(slot, true, 0.0);
    }
}

#[test]
fn a_limit_of_none_is_not_believed() {
    let mut window = RollingWindow::default();
    let slot = window.send(MAX, 0.0);
    window.observe(slot, 0.0.into(), Optional::UNKNOWN, Optional::UNKNOWN, 1.0);
    assert_eq!(window.next_slot(None, 1.0), NextSlot::Now);
}
