//! Everything local as lines, and taken up elsewhere: pending changes are sent once, rows are shown until they are pulled.

use crate::pulled;
use crate::realm::{Tab, found, insert, key, open, picture, update};
use futures_executor::LocalPool;
use thermocline::driver::Taken;
use thermocline::engine::Frame;
use thermocline::protocol::{ErrorCode, Fault, Text};
use thermocline::store::MemoryStore;

const ROWS: u64 = 2_500;

/// A tab with rows in segments, and changes of one of them and of another row.
fn busy(pool: &mut LocalPool) -> Tab {
    let (tab, _) = found(pool);
    for n in 10..10 + ROWS {
        pool.run_until(tab.append(pulled(&tab, n, 20, n + 1 == 10 + ROWS))).expect("stores");
    }
    pool.run_until(tab.checkpoint()).expect("writes");
    for request in [update(10), insert(1)] {
        pool.run_until(tab.write(request)).expect("stores");
    }
    tab
}

fn user() -> Text {
    "u".into()
}

fn export(pool: &mut LocalPool, tab: &Tab) -> Vec<String> {
    let mut lines = vec![tab.export_header(Some(&user()))];
    lines.extend(tab.export_unsent());
    let mut next = None;
    loop {
        let (line, last) = pool.run_until(tab.export_rows(&"entries".into(), next.as_ref())).expect("reads");
        lines.push(line);
        next = last;
        if next.is_none() {
            break;
        }
    }
    lines.extend(tab.export_unsent());
    lines
}

fn import(pool: &mut LocalPool, tab: &Tab, lines: &[String], user: Option<&Text>) -> Result<Taken, Fault> {
    let (header, rest) = lines.split_first().expect("a header");
    let database = pool.run_until(tab.import_header(header, user, &["entries".into()]))?;
    let mut taken = Taken::default();
    for line in rest {
        let Taken { rows, mutations } = pool.run_until(tab.import_line(&database, line))?;
        (taken.rows, taken.mutations) = (taken.rows + rows, taken.mutations + mutations);
    }
    Ok(taken)
}

fn elsewhere(pool: &mut LocalPool) -> Tab {
    open(pool, &MemoryStore::new([5; 16], [6; 16])).0
}

#[test]
fn another_device_shows_the_same_rows_and_has_the_same_outbox() {
    let mut pool = LocalPool::new();
    let tab = busy(&mut pool);
    let lines = export(&mut pool, &tab);
    let other = elsewhere(&mut pool);
    let taken = import(&mut pool, &other, &lines, Some(&user())).expect("an export");
    assert_eq!((taken.mutations, taken.rows >= ROWS as usize), (2, true));
    let (was, now) = (picture(&mut pool, &tab), picture(&mut pool, &other));
    assert_eq!(
        (&now.tables["entries"].visible, &now.tables["entries"].base),
        (&was.tables["entries"].visible, &was.tables["entries"].base)
    );
    assert_eq!(now.outbox, was.outbox);
    assert!(now.held.is_empty() && now.cursors.is_empty(), "nothing counts as synced");
    let again = import(&mut pool, &other, &lines, Some(&user())).expect("an export");
    assert_eq!(again.mutations, 0);
    assert_eq!(picture(&mut pool, &other).outbox, was.outbox, "taken up once");
    assert_eq!(pool.run_until(other.checkpoint()), Ok(true));
    assert_eq!(picture(&mut pool, &other).tables["entries"].visible, was.tables["entries"].visible);
}

#[test]
fn its_own_outbox_is_not_taken_up_again() {
    let mut pool = LocalPool::new();
    let tab = busy(&mut pool);
    let lines = export(&mut pool, &tab);
    let before = picture(&mut pool, &tab);
    assert_eq!(import(&mut pool, &tab, &lines, Some(&user())).map(|taken| taken.mutations), Ok(0));
    let after = picture(&mut pool, &tab);
    assert_eq!(
        (after.outbox, after.tables["entries"].visible.len()),
        (before.outbox, before.tables["entries"].visible.len())
    );
}

/// What the server has told since is newer than the file.
#[test]
fn rows_of_a_table_that_was_pulled_stay_as_they_are() {
    let mut pool = LocalPool::new();
    let tab = busy(&mut pool);
    let lines = export(&mut pool, &tab);
    let other = elsewhere(&mut pool);
    let schema = tab.state().schema.clone();
    pool.run_until(other.append(Frame::Schema(schema))).expect("stores");
    pool.run_until(other.append(pulled(&other, 7, 5, true))).expect("stores");
    import(&mut pool, &other, &lines, Some(&user())).expect("an export");
    assert_eq!(picture(&mut pool, &other).tables["entries"].base.len(), 1);
    assert!(other.state().visible("entries", &key(1)).is_some(), "pending changes are shown");
}

/// Invariant 11, and bad input.
#[test]
fn what_is_no_export_of_this_user_is_refused_by_name() {
    let mut pool = LocalPool::new();
    let tab = busy(&mut pool);
    let lines = export(&mut pool, &tab);
    let other = elsewhere(&mut pool);
    let before = picture(&mut pool, &other);
    let mut refused =
        |lines: &[String], user: Option<&Text>| import(&mut pool, &other, lines, user).expect_err("refused");
    let fault = refused(&lines, Some(&"somebody else".into()));
    assert!(fault.message.contains("user u made this export, here it is user somebody else"), "{fault}");
    assert_eq!(refused(&lines, None).code, ErrorCode::InvalidRequest);
    let fault = refused(&["{}".into()], Some(&user()));
    assert!(fault.message.contains("its first line is not that of an export"), "{fault}");
    let newer = lines[0].replace("\"format\":1", "\"format\":2");
    assert_eq!(refused(&[newer], Some(&user())).code, ErrorCode::NewerVersion);
    for line in [
        "",
        "[]",
        "{\"table\":\"entries\",\"rows\":[[\"1\",{}]]}",
        "{\"table\":\"entries\",\"rows\":[[\"1\",7]]}",
    ] {
        let fault = refused(&[lines[0].clone(), line.into()], Some(&user()));
        assert_eq!(fault.code, ErrorCode::InvalidRequest, "{line}");
    }
    let after = picture(&mut pool, &other);
    assert_eq!((after.outbox, after.tables["entries"].visible.len()), (before.outbox, 0));
}
