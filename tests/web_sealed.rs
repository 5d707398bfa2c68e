//! A sealed store over IndexedDB, with WebCrypto and the keys of the vault: the contract of a store, and
//! what keys promise: fresh nonces, new keys in time, a passphrase that opens and nothing else.
#![cfg(target_arch = "wasm32")]

#[macro_use]
#[allow(unused_macros, dead_code)] // what only a browser can do to a store without seals
mod contract;

use contract::Place;
use contract::browser::Browser;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::{Array, Math, Uint8Array};
use std::collections::BTreeSet;
use std::rc::Rc;
use thermocline::js::{CryptoKey, Encrypt, Keys, Spend, passphrase_key};
use thermocline::protocol::{ErrorCode, Fault};
use thermocline::store::sealed::{Cipher, SEAL_BYTES, Sealing};
use thermocline::store::{Durability, IndexedDbStore, Sealed, Seq, Store};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

type SealedDb = Sealed<IndexedDbStore, Rc<Keys>>;

/// A database that was in plain before: one of the cases makes it so.
struct SealedBrowser {
    below: Browser,
    project: String,
}

impl Place for SealedBrowser {
    type Store = SealedDb;

    const ADDED: u64 = SEAL_BYTES as u64;

    async fn open(&self) -> SealedDb {
        let below = self.below.open().await;
        Sealed::new(below, keys(&self.project, Encrypt::Stored, None).await.unwrap())
    }

    async fn abort_an_append(&self, store: &SealedDb) {
        self.below.abort_an_append(store.inner()).await;
    }

    async fn make_former(&self, store: &SealedDb, base: Seq, state: &[u8], blocks: &[Vec<u8>]) {
        self.below.make_former(store.inner(), base, state, blocks).await;
    }

    async fn break_connection(&self, store: &SealedDb) {
        store.inner().close();
    }
}

macro_rules! test {
    ($case:ident) => {
        #[wasm_bindgen_test]
        async fn $case() {
            let project = project();
            let below = Browser::named(&database(&project));
            contract::$case(&SealedBrowser { below, project }).await;
        }
    };
}

contract_tests!(test);

/// One that no other test knows.
fn project() -> String {
    format!("sealed-{}", Math::random())
}

fn database(project: &str) -> String {
    format!("thermocline/{project}/local")
}

async fn keys(project: &str, how: Encrypt, passphrase: Option<&CryptoKey>) -> Result<Rc<Keys>, Fault> {
    let keys = Keys::open(project, None, Spend::default()).await?;
    keys.prepare(Some(how), passphrase).await?;
    Ok(keys)
}

async fn open(project: &str, keys: &Rc<Keys>) -> SealedDb {
    Sealed::new(IndexedDbStore::open(&database(project)).await.unwrap(), Rc::clone(keys))
}

async fn append(store: &SealedDb, text: &str) {
    store.append(&[text.into()], Durability::Relaxed).await.unwrap();
}

async fn texts(store: &SealedDb) -> Vec<String> {
    let frames = store.tail(0).await.unwrap().frames;
    frames.into_iter().map(|logged| String::from_utf8_lossy(&logged.frame).into_owned()).collect()
}

/// The frames as they lie in the database.
async fn below(project: &str) -> Vec<Vec<u8>> {
    let store = IndexedDbStore::open(&database(project)).await.unwrap();
    let frames = store.load().await.unwrap().tail.frames;
    frames.into_iter().map(|logged| logged.frame).collect()
}

fn code<T>(answer: Result<T, Fault>) -> ErrorCode {
    answer.err().expect("a fault").code
}

#[wasm_bindgen_test]
async fn ten_thousand_seals_have_ten_thousand_nonces() {
    let project = project();
    let store = open(&project, &keys(&project, Encrypt::Stored, None).await.unwrap()).await;
    for _ in 0..20 {
        store.append(&vec![b"the same".to_vec(); 500], Durability::Relaxed).await.unwrap();
    }
    let below = below(&project).await;
    let nonces: BTreeSet<_> = below.iter().map(|record| &record[14..26]).collect();
    let sealed: BTreeSet<_> = below.iter().map(|record| &record[26..]).collect();
    assert_eq!((nonces.len(), sealed.len()), (10_000, 10_000));
    assert_eq!(texts(&store).await, vec!["the same"; 10_000]);
}

#[wasm_bindgen_test]
async fn a_database_that_was_sealed_from_its_birth_takes_nothing_in_plain() {
    let project = project();
    let keys = keys(&project, Encrypt::Stored, None).await.unwrap();
    assert_eq!(keys.sealing(), Ok(Sealing::Done));
    let store = open(&project, &keys).await;
    store.inner().append(&[b"plain".to_vec()], Durability::Relaxed).await.unwrap();
    assert_eq!(texts(&store).await, ["refused plain"]);
}

#[wasm_bindgen_test]
async fn a_context_that_knows_no_keys_yet_finds_them_at_the_first_sealed_record() {
    let project = project();
    let late = Keys::open(&project, None, Spend::default()).await.unwrap();
    let late = open(&project, &late).await;
    append(&late, "plain").await;
    let keys = keys(&project, Encrypt::Stored, None).await.unwrap();
    let store = open(&project, &keys).await;
    append(&store, "sealed").await;
    assert_eq!(texts(&late).await, ["plain", "sealed"]);
    append(&late, "sealed, too").await;
    assert_eq!(below(&project).await.iter().filter(|record| record.starts_with(b"TCS")).count(), 2);
    assert_eq!(texts(&store).await, ["plain", "sealed", "sealed, too"]);
}

#[wasm_bindgen_test]
async fn a_key_that_has_made_its_share_is_followed_by_a_new_one_and_opens_what_it_sealed() {
    let project = project();
    let spend = Spend { per_claim: 4, per_key: 8 };
    let mut stores = Vec::new();
    for _ in 0..2 {
        let keys = Keys::open(&project, None, spend).await.unwrap();
        keys.prepare(Some(Encrypt::Stored), None).await.unwrap();
        stores.push(open(&project, &keys).await);
    }
    for n in 0..40 {
        append(&stores[n % 2], &format!("frame {n}")).await;
    }
    let below = below(&project).await;
    let ids: Vec<&[u8]> = below.iter().map(|record| &record[6..14]).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert!(distinct.len() >= 5, "{} keys", distinct.len());
    assert!(distinct.iter().all(|id| ids.iter().filter(|other| *other == *id).count() <= 8));
    let expected: Vec<String> = (0..40).map(|n| format!("frame {n}")).collect();
    assert_eq!(texts(&stores[0]).await, expected);
    let late = open(&project, &keys(&project, Encrypt::Stored, None).await.unwrap()).await;
    assert_eq!(texts(&late).await, expected);
}

#[wasm_bindgen_test]
async fn a_passphrase_opens_and_a_wrong_one_is_told_from_damage() {
    let project = project();
    let (right, wrong) = (key("correct horse").await, key("battery staple").await);
    let first = keys(&project, Encrypt::Passphrase, Some(&right)).await.unwrap();
    append(&open(&project, &first).await, "secret").await;
    drop(first);
    let locked = keys(&project, Encrypt::Passphrase, None).await.unwrap();
    let store = open(&project, &locked).await;
    assert_eq!(code(store.load().await), ErrorCode::Locked);
    assert_eq!(code(store.append(&[b"late".to_vec()], Durability::Strict).await), ErrorCode::Locked);
    let refused = locked.unlock(&wrong).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);
    assert!(refused.message.contains("not damaged"), "{refused}");
    assert_eq!(code(store.load().await), ErrorCode::Locked);
    locked.unlock(&right).await.unwrap();
    assert_eq!(texts(&store).await, ["secret"]);
    drop(store);
    drop(locked);
    assert_eq!(code(keys(&project, Encrypt::Passphrase, Some(&wrong)).await), ErrorCode::Locked);
}

#[wasm_bindgen_test]
async fn a_ring_that_is_damaged_or_gone_is_lost_for_good_and_no_other_is_made_over_its_seals() {
    let passphrase = key("of no use any more").await;
    for (how, passphrase) in [(Encrypt::Stored, None), (Encrypt::Passphrase, Some(&passphrase))] {
        for spoil in [flip_a_bit as fn(JsValue) -> Option<JsValue>, |_| None] {
            let project = project();
            append(&open(&project, &keys(&project, how, passphrase).await.unwrap()).await, "secret").await;
            change_the_ring(&project, spoil).await;
            let lost = keys(&project, how, passphrase).await.unwrap();
            assert!(lost.is_lost());
            let fault = open(&project, &lost).await.load().await.unwrap_err();
            assert_eq!(fault.code, ErrorCode::Locked);
            assert!(fault.message.contains("never be read again"), "{fault}");
            lost.shred().await.unwrap();
            assert!(!lost.is_lost());
            let emptied = IndexedDbStore::open(&database(&project)).await.unwrap();
            emptied.wipe([8; 16], [9; 16]).await.unwrap();
            let anew = keys(&project, how, passphrase).await.unwrap();
            append(&open(&project, &anew).await, "anew").await;
            assert_eq!(texts(&open(&project, &anew).await).await, ["anew"]);
        }
    }
}

#[wasm_bindgen_test]
async fn letters_typed_in_another_way_are_the_same_passphrase() {
    let project = project();
    let composed = key("caf\u{e9}").await;
    drop(keys(&project, Encrypt::Passphrase, Some(&composed)).await.unwrap());
    let decomposed = key("cafe\u{301}").await;
    assert!(keys(&project, Encrypt::Passphrase, Some(&decomposed)).await.unwrap().is_open());
}

#[wasm_bindgen_test]
async fn a_new_passphrase_rewrites_no_data_and_the_old_one_opens_nothing() {
    let project = project();
    let (old, new) = (key("old").await, key("new").await);
    let keys_of = async |how, passphrase| keys(&project, how, passphrase).await;
    let first = keys_of(Encrypt::Stored, None).await.unwrap();
    let store = open(&project, &first).await;
    append(&store, "secret").await;
    let before = below(&project).await;
    first.change(None, Some(&old)).await.unwrap();
    assert_eq!(code(first.change(None, Some(&new)).await), ErrorCode::Locked);
    assert_eq!(code(first.change(Some(&new), Some(&new)).await), ErrorCode::Locked);
    first.change(Some(&old), Some(&new)).await.unwrap();
    assert_eq!(below(&project).await, before);
    assert_eq!(texts(&store).await, ["secret"]);
    append(&store, "more").await;
    drop(store);
    drop(first);
    assert_eq!(code(keys_of(Encrypt::Passphrase, Some(&old)).await), ErrorCode::Locked);
    let second = keys_of(Encrypt::Passphrase, Some(&new)).await.unwrap();
    assert_eq!(texts(&open(&project, &second).await).await, ["secret", "more"]);
    second.change(Some(&new), None).await.unwrap();
    drop(second);
    let third = keys_of(Encrypt::Stored, None).await.unwrap();
    assert_eq!(texts(&open(&project, &third).await).await, ["secret", "more"]);
}

#[wasm_bindgen_test]
async fn contexts_give_each_other_the_key_and_lock_together() {
    let project = project();
    let passphrase = key("shared").await;
    let first = keys(&project, Encrypt::Passphrase, Some(&passphrase)).await.unwrap();
    let second = keys(&project, Encrypt::Passphrase, None).await.unwrap();
    assert!(second.is_open(), "an open context gave it the key");
    let (ours, theirs) = (open(&project, &first).await, open(&project, &second).await);
    append(&ours, "ours").await;
    append(&theirs, "theirs").await;
    assert_eq!(texts(&ours).await, ["ours", "theirs"]);
    second.lock().unwrap();
    assert_eq!(code(theirs.tail(0).await), ErrorCode::Locked);
    until(|| !first.is_open()).await;
    assert_eq!(code(ours.tail(0).await), ErrorCode::Locked);
    assert!(!keys(&project, Encrypt::Passphrase, None).await.unwrap().is_open());
    first.unlock(&passphrase).await.unwrap();
    until(|| second.is_open()).await;
    assert_eq!(texts(&theirs).await, ["ours", "theirs"]);
    let unlocked_by_nobody = keys(&crate::project(), Encrypt::Stored, None).await.unwrap();
    assert_eq!(code(unlocked_by_nobody.lock()), ErrorCode::InvalidRequest);
}

#[wasm_bindgen_test]
async fn what_was_shredded_is_gone_for_everyone() {
    let project = project();
    let passphrase = key("gone").await;
    let first = keys(&project, Encrypt::Passphrase, Some(&passphrase)).await.unwrap();
    let second = keys(&project, Encrypt::Passphrase, None).await.unwrap();
    append(&open(&project, &first).await, "secret").await;
    let sealed = below(&project).await;
    first.shred().await.unwrap();
    until(|| !second.is_open()).await;
    assert_eq!(code(open(&project, &second).await.tail(0).await), ErrorCode::Locked);
    let late = Keys::open(&project, None, Spend::default()).await.unwrap();
    assert_eq!(code(open(&project, &late).await.tail(0).await), ErrorCode::Locked);
    // The same passphrase would make another key.
    let again = keys(&project, Encrypt::Passphrase, Some(&passphrase)).await.unwrap();
    assert!(again.is_lost());
    assert_eq!(code(open(&project, &again).await.tail(0).await), ErrorCode::Locked);
    assert_eq!(below(&project).await, sealed);
}

async fn key(passphrase: &str) -> CryptoKey {
    passphrase_key(passphrase).await.unwrap()
}

/// Waits for what another context is told by a message.
async fn until(happened: impl Fn() -> bool) {
    for _ in 0..200 {
        if happened() {
            return;
        }
        let wait = "return new Promise((resolve) => setTimeout(resolve, 10))";
        let promise = js_sys::Function::new_no_args(wait).call0(&JsValue::NULL).unwrap();
        wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(promise)).await.unwrap();
    }
    panic!("it did not happen within 2 s");
}

fn flip_a_bit(ring: JsValue) -> Option<JsValue> {
    let bytes: Uint8Array = ring.unchecked_ref::<Array>().get(0).unchecked_into();
    let last = bytes.length() - 1;
    bytes.set_index(last, bytes.get_index(last) ^ 1);
    Some(ring)
}

/// Puts something else in the place of the ring, or nothing.
async fn change_the_ring(project: &str, change: fn(JsValue) -> Option<JsValue>) {
    let database = Database::open(format!("thermocline/{project}")).with_version(1u8).await.unwrap();
    let transaction = database.transaction("values").with_mode(TransactionMode::Readwrite).build().unwrap();
    let values = transaction.object_store("values").unwrap();
    let ring: Option<JsValue> = values.get("ring/local").primitive().unwrap().await.unwrap();
    match change(ring.unwrap()) {
        Some(ring) => drop(values.put(ring).with_key("ring/local").await.unwrap()),
        None => values.delete("ring/local").await.unwrap(),
    }
    drop(values);
    transaction.commit().await.unwrap();
    database.close();
}
