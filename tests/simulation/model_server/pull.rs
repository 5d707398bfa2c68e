//! Pull: what a cursor's snapshot did not see, page by page up to the snapshot of the round (SYNC 1).

use super::{Server, json};
use std::collections::BTreeSet;
use thermocline::engine::RowId;
use thermocline::protocol::pull::{Page, PullAnswer, PullRequest};
use thermocline::protocol::{Rev, Text};

/// What `pg_current_snapshot()` tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    end: u64,
    open: BTreeSet<u64>,
}

impl Server {
    fn snapshot(&self) -> Snapshot {
        Snapshot { end: self.next_xid, open: self.open.keys().copied().collect() }
    }

    pub(super) fn pull(&self, request: &PullRequest) -> PullAnswer {
        let epoch = self.epoch_text();
        let cursors: Vec<&Text> =
            request.tables.iter().flat_map(|(_, cursor)| cursor).chain(&request.round).collect();
        if cursors.iter().any(|cursor| cursor.split('.').next() != Some(&epoch)) {
            return PullAnswer::Resync("epoch".into());
        }
        let token: Vec<&str> =
            request.round.as_deref().map_or(Vec::new(), |round| round.split('.').collect());
        let upto = token.get(1).map_or_else(|| self.snapshot(), |text| Snapshot::read(text));
        let mut at: usize = token.get(2).map_or(0, |text| text.parse().expect("our own token"));
        let mut after: u64 = token.get(3).map_or(0, |text| text.parse().expect("our own token"));
        let (mut pages, mut left) = (Vec::new(), self.setup.page_rows);
        while let Some((table, cursor)) = request.tables.get(at) {
            let (page, last) = self.page(table, cursor.as_deref(), &upto, after, left, &request.own_xids);
            left -= (page.rows.len() + page.gone.len()).min(left);
            pages.push(page);
            (at, after) = last.map_or((at + 1, 0), |last| (at, last.0));
            if left == 0 && at < request.tables.len() {
                let round = format!("{epoch}.{}.{at}.{after}", upto.text());
                return PullAnswer::Page { pages, round: Some(round.into()), cursor: None };
            }
        }
        PullAnswer::Page { pages, round: None, cursor: Some(format!("{epoch}.{}", upto.text()).into()) }
    }

    /// A table's part of a page, and the last rev in it if there is more.
    fn page(
        &self,
        table: &Text,
        cursor: Option<&str>,
        upto: &Snapshot,
        after: u64,
        left: usize,
        own_xids: &[u64],
    ) -> (Page, Option<Rev>) {
        let since = cursor.map(|cursor| Snapshot::read(cursor.split('.').nth(1).expect("our own cursor")));
        let is_new = |rev: Rev| match &since {
            None => upto.sees(rev),
            Some(since) => upto.sees(rev) && !since.sees(rev) && !own_xids.contains(&rev.xid()),
        };
        let of_table = |id: &RowId| id.0 == *table;
        let rows = self.rows.iter().filter(|(id, _)| of_table(id) && !self.hidden.contains(*id));
        let rows = rows.map(|(_, stored)| (stored.rev, false, json(&stored.fields)));
        let gone = self.tombstones.iter().filter(|(id, _)| of_table(id) && since.is_some());
        let gone = gone.map(|((_, key), rev)| (*rev, true, format!("{{\"id\":{}}}", key.values()[0]).into()));
        let mut changed: Vec<(Rev, bool, Text)> =
            rows.chain(gone).filter(|(rev, ..)| is_new(*rev) && rev.0 > after).collect();
        changed.sort();
        let more = changed.len() > left || left == 0;
        changed.truncate(left);
        let last = more.then(|| changed.last().map_or(Rev(after), |(rev, ..)| *rev));
        let mut page = Page { table: table.clone(), rows: Vec::new(), gone: Vec::new(), cold: Vec::new() };
        for (rev, is_gone, text) in changed {
            if is_gone { page.gone.push((rev, text)) } else { page.rows.push((rev, text)) }
        }
        (page, last)
    }
}

impl Snapshot {
    pub fn sees(&self, rev: Rev) -> bool {
        rev.xid() < self.end && !self.open.contains(&rev.xid())
    }

    fn text(&self) -> String {
        let open: Vec<String> = self.open.iter().map(u64::to_string).collect();
        format!("{}:{}", self.end, open.join(","))
    }

    pub fn read(text: &str) -> Self {
        let (end, open) = text.split_once(':').expect("our own snapshot");
        let open = open.split(',').filter(|xid| !xid.is_empty());
        Self {
            end: end.parse().expect("our own snapshot"),
            open: open.map(|xid| xid.parse().expect("our own snapshot")).collect(),
        }
    }
}
