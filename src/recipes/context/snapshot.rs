//! Snapshots as a query answers them, borrowed from its text; sums over them, compared exact.

use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A row of `context_snapshots`, by the columns that figures are made of.
#[derive(Clone, Debug, Deserialize)]
pub struct Snapshot<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    pub recorded_at: Moment,
    pub utc_offset_min: i32,
    #[serde(rename = "focus_level")]
    pub focus: Hundredths,
    #[serde(rename = "energy_level")]
    pub energy: Hundredths,
    #[serde(rename = "mood_state", borrow)]
    pub mood: Cow<'a, str>,
    #[serde(rename = "activity_pattern", borrow)]
    pub activity: Cow<'a, str>,
}

impl Snapshot<'_> {
    pub fn day(&self) -> Day {
        self.recorded_at.day_at(self.utc_offset_min)
    }

    pub fn hour(&self) -> u8 {
        self.recorded_at.hour_at(self.utc_offset_min)
    }
}

/// Those that have happened, oldest first, ties by id. A wrong clock's future readings wait until then.
pub fn in_order<'a>(mut snapshots: Vec<Snapshot<'a>>, now: Moment) -> Vec<Snapshot<'a>> {
    snapshots.retain(|snapshot| snapshot.recorded_at <= now);
    snapshots.sort_unstable_by(|a, b| a.recorded_at.cmp(&b.recorded_at).then_with(|| a.id.cmp(&b.id)));
    snapshots
}

/// Of some snapshots.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub count: usize,
    pub focus: Hundredths,
    pub energy: Hundredths,
}

impl Sums {
    pub fn of<'s>(snapshots: impl IntoIterator<Item = &'s Snapshot<'s>>) -> Self {
        let mut sums = Self::default();
        for snapshot in snapshots {
            sums.add(snapshot);
        }
        sums
    }

    pub fn add(&mut self, snapshot: &Snapshot<'_>) {
        self.count += 1;
        self.focus.0 += snapshot.focus.0;
        self.energy.0 += snapshot.energy.0;
    }

    pub fn avg_focus(&self) -> Hundredths {
        self.focus.mean(self.count)
    }

    pub fn avg_energy(&self) -> Hundredths {
        self.energy.mean(self.count)
    }

    pub fn by_focus(&self, other: &Self) -> Ordering {
        compare_means((self.focus, self.count), (other.focus, other.count))
    }

    pub fn by_energy(&self, other: &Self) -> Ordering {
        compare_means((self.energy, self.count), (other.energy, other.count))
    }
}

/// Compares the means before they are rounded.
fn compare_means(one: (Hundredths, usize), other: (Hundredths, usize)) -> Ordering {
    let scaled = |sum: Hundredths, count: usize| i128::from(sum.0) * count as i128;
    scaled(one.0, other.1).cmp(&scaled(other.0, one.1))
}

/// Sums by hour of the local day; hours without snapshots have a count of 0.
pub fn by_hour(snapshots: &[Snapshot<'_>]) -> [Sums; 24] {
    let mut hours = [Sums::default(); 24];
    for snapshot in snapshots {
        hours[usize::from(snapshot.hour())].add(snapshot);
    }
    hours
}

/// Hours that have snapshots, that of the highest average focus first, the earlier one on a tie.
pub fn hours_by_focus(hours: &[Sums; 24]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..24).filter(|hour| hours[*hour].count > 0).collect();
    ranked.sort_by(|a, b| hours[*b].by_focus(&hours[*a]).then(a.cmp(b)));
    ranked
}
