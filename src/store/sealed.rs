//! A store whose frames, blocks, state record and named values are sealed before they rest anywhere.
//!
//! A wrapper: it seals before it calls the store below and opens what that one returned, so no
//! cryptography is ever awaited inside a transaction (PITFALLS 24). Each record is one seal under a fresh
//! nonce, bound to its kind and place. Invariant: what does not open as what it should be is handed on as
//! bytes that no decoder accepts, so that it is quarantined and reported like any other damage.
//!
//! ```text
//! replica ──▶ Sealed ──(seal)──▶ IndexedDB        manifest and seqs stay plain: they say nothing of rows
//!         ◀──       ◀──(open)──
//! ```

mod cipher;
mod header;
mod ring;
mod seal_up;

pub use self::cipher::{Cipher, Sealing};
pub use self::header::{HEADER_BYTES, KeyId, Nonce, Place, SEAL_BYTES};
pub use self::ring::{
    PASSPHRASE_ROUNDS, Passphrase, Ring, SEALS_PER_CLAIM, SEALS_PER_KEY, WrappedKey, Wrapping,
};

use self::header::{Found, Header};
use super::{
    Durability, Incarnation, Loaded, Logged, Manifest, Next, ReadBlocks, Seq, Store, StoreUsage, Tail,
};
use crate::protocol::{ErrorCode, Fault, SegmentId};
use futures_util::future::try_join_all;
use std::cell::Cell;

/// In front of a record that does not open: no decoder takes it for its own.
const REFUSED: &[u8] = b"refused ";

/// The bytes of a record that was refused, as they lay below; any others as they are.
pub fn as_found(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(REFUSED).unwrap_or(bytes)
}

/// Whether something of what lies below is sealed.
pub fn holds_seals(below: &Loaded) -> bool {
    let directories = below.directories.iter().filter_map(|(_, block)| block.as_ref());
    let frames = below.tail.frames.iter().map(|logged| &logged.frame);
    below.state.iter().chain(directories).chain(frames).any(|record| header::is_sealed(record))
}

/// Where the row blocks of the first release count as lying: they had no segment of a name.
const FORMER: SegmentId = SegmentId([0; 16]);

pub struct Sealed<S, C> {
    store: S,
    cipher: C,
    /// Whether something was read that should be sealed and is not.
    met_plain: Cell<bool>,
}

impl<S: Store, C: Cipher> Sealed<S, C> {
    pub fn new(store: S, cipher: C) -> Self {
        Self { store, cipher, met_plain: Cell::new(false) }
    }

    /// The store below, which sees sealed records only.
    pub fn inner(&self) -> &S {
        &self.store
    }

    pub fn cipher(&self) -> &C {
        &self.cipher
    }

    async fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let header = Header { key: self.cipher.claim().await?, nonce: self.cipher.nonce() };
        let associated = header.associated(place);
        let sealed = self.cipher.encrypt(header.key, &header.nonce, &associated, plain).await?;
        Ok([header.bytes(place).as_slice(), &sealed].concat())
    }

    async fn seal_all<'a>(
        &self,
        records: impl Iterator<Item = (Place<'a>, &'a Vec<u8>)>,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        try_join_all(records.map(|(place, record)| self.seal(place, record))).await
    }

    /// The record's plain bytes; `None` if it is not what it should be.
    async fn open(&self, place: Place<'_>, record: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match header::read(record, place) {
            Found::Plain if self.cipher.sealing()? == Sealing::Done => Ok(None),
            Found::Plain => {
                self.met_plain.set(true);
                Ok(Some(record.to_vec()))
            }
            Found::Newer => Err(newer_version()),
            Found::Damaged => Ok(None),
            Found::Sealed(header, sealed) => {
                let associated = header.associated(place);
                self.cipher.decrypt(header.key, &header.nonce, &associated, sealed).await
            }
        }
    }

    async fn open_or_refuse(&self, place: Place<'_>, record: Vec<u8>) -> Result<Vec<u8>, Fault> {
        if self.is_plain([&record])? {
            return Ok(record);
        }
        let opened = self.open(place, &record).await?;
        Ok(opened.unwrap_or_else(|| [REFUSED, &record].concat()))
    }

    async fn open_block(&self, place: Place<'_>, record: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Fault> {
        match record {
            Some(record) => self.open_or_refuse(place, record).await.map(Some),
            None => Ok(None),
        }
    }

    async fn open_tail(&self, Tail { manifest, frames }: Tail) -> Result<Tail, Fault> {
        if self.is_plain(frames.iter().map(|logged| &logged.frame))? {
            return Ok(Tail { manifest, frames });
        }
        let open = async |Logged { seq, frame }| {
            let frame = self.open_or_refuse(Place::Frame, frame).await?;
            Ok::<_, Fault>(Logged { seq, frame })
        };
        Ok(Tail { manifest, frames: try_join_all(frames.into_iter().map(open)).await? })
    }

    async fn seal_blocks(
        &self,
        segment: SegmentId,
        first: u32,
        blocks: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let places = (first..).map(|n| Place::Block(segment, n));
        self.seal_all(places.zip(blocks)).await
    }

    /// Whether there is nothing to open here: the usual case, which copies nothing.
    fn is_plain<'a>(&self, records: impl IntoIterator<Item = &'a Vec<u8>>) -> Result<bool, Fault> {
        Ok(self.is_off()? && !records.into_iter().any(|record| header::is_sealed(record)))
    }

    fn is_off(&self) -> Result<bool, Fault> {
        Ok(self.cipher.sealing()? == Sealing::Off)
    }
}

impl<S: Store, C: Cipher> Store for Sealed<S, C> {
    async fn load(&self) -> Result<Loaded, Fault> {
        self.cipher.sealing()?;
        let Loaded { state, directories, former_blocks, tail } = self.store.load().await?;
        let state = self.open_block(Place::State, state).await?;
        let open = async |(segment, block)| {
            Ok::<_, Fault>((segment, self.open_block(Place::Block(segment, 0), block).await?))
        };
        let directories = try_join_all(directories.into_iter().map(open)).await?;
        let former = (0..).zip(former_blocks);
        let former = former.map(|(n, block)| self.open_or_refuse(Place::Block(FORMER, n), block));
        let former_blocks = try_join_all(former).await?;
        Ok(Loaded { state, directories, former_blocks, tail: self.open_tail(tail).await? })
    }

    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault> {
        if self.is_off()? {
            return self.store.append(frames, durability).await;
        }
        let sealed = self.seal_all(frames.iter().map(|frame| (Place::Frame, frame))).await?;
        self.store.append(&sealed, durability).await
    }

    async fn tail(&self, seq: Seq) -> Result<Tail, Fault> {
        self.cipher.sealing()?;
        self.open_tail(self.store.tail(seq).await?).await
    }

    async fn write_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        if self.is_off()? {
            return self.store.write_blocks(segment, first, blocks).await;
        }
        let sealed = self.seal_blocks(segment, first, blocks).await?;
        self.store.write_blocks(segment, first, &sealed).await
    }

    async fn replace_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        if self.is_off()? {
            return self.store.replace_blocks(segment, first, blocks).await;
        }
        let sealed = self.seal_blocks(segment, first, blocks).await?;
        self.store.replace_blocks(segment, first, &sealed).await
    }

    async fn read_blocks(&self, wanted: &[(SegmentId, u32)]) -> Result<ReadBlocks, Fault> {
        self.cipher.sealing()?;
        let ReadBlocks { version, blocks } = self.store.read_blocks(wanted).await?;
        if self.is_plain(blocks.iter().flatten())? {
            return Ok(ReadBlocks { version, blocks });
        }
        let places = wanted.iter().map(|(segment, n)| Place::Block(*segment, *n));
        let opened = places.zip(blocks).map(|(place, block)| self.open_block(place, block));
        Ok(ReadBlocks { version, blocks: try_join_all(opened).await? })
    }

    async fn checkpoint(&self, expected: u64, next: &Next) -> Result<Option<Manifest>, Fault> {
        if self.is_off()? {
            return self.store.checkpoint(expected, next).await;
        }
        let state = self.seal(Place::State, &next.state).await?;
        self.store.checkpoint(expected, &Next { state, ..next.clone() }).await
    }

    async fn sweep(&self) -> Result<(), Fault> {
        self.store.sweep().await
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.cipher.sealing()?;
        let Some(record) = self.store.get(name).await? else { return Ok(None) };
        match self.open(Place::Value(name), &record).await? {
            Some(value) => Ok(Some(value)),
            None => Err(damaged_value(name)),
        }
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        let is_off = self.is_off()?;
        let sealed = match value {
            Some(value) if !is_off => Some(self.seal(Place::Value(name), value).await?),
            _ => None,
        };
        self.store.put(name, sealed.as_deref().or(value)).await
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.cipher.sealing()?;
        self.store.names(prefix).await
    }

    /// As it lies there: seals and all.
    async fn usage(&self) -> Result<StoreUsage, Fault> {
        self.cipher.sealing()?;
        self.store.usage().await
    }

    /// The keys stay: the empty database is sealed like the one before.
    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        self.cipher.sealing()?;
        self.store.wipe(incarnation, client).await
    }

    async fn wipe_at(&self, seq: Seq, incarnation: Incarnation, client: [u8; 16]) -> Result<bool, Fault> {
        self.cipher.sealing()?;
        self.store.wipe_at(seq, incarnation, client).await
    }
}

fn newer_version() -> Fault {
    let message = "the local database was sealed by a newer version of this app; reload the page";
    Fault::new(ErrorCode::NewerVersion, message)
}

fn damaged_value(name: &str) -> Fault {
    let message =
        format!("the stored value {name:?} was damaged or exchanged and cannot be read; put it anew");
    Fault::new(ErrorCode::CorruptFrame, message)
}
