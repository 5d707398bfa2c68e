//! The attunement of a day: which question is asked, and the answer that needs no provider (RECIPES 5.6). Questions are the app's.

use super::entry::{Entry, TYPES, Type};
use super::patterns::{Patterns, Trend, patterns};
use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    /// Those of the last 30 days.
    pub logs: Vec<Entry>,
    pub today: Day,
    pub now: Moment,
    /// How many questions there are on each topic, in the order of RECIPES 5.3.
    pub questions: [u32; 5],
}

#[derive(Debug, Serialize)]
pub struct Attunement {
    pub topic: &'static str,
    /// Which of the topic's questions.
    pub question: u32,
    pub answer: String,
    pub patterns: Patterns,
}

const WEEK_MIN: i64 = 7 * 24 * 60;

pub fn of_day(given: Input) -> Attunement {
    let Input { logs, today, now, questions } = given;
    let topic = topic(&logs, now);
    let patterns = patterns(super::patterns::Input { logs, now });
    let number = today.0.rem_euclid(i32::try_from(questions[topic].max(1)).unwrap_or(i32::MAX));
    Attunement { topic: TYPES[topic].0, question: number.unsigned_abs(), answer: text(&patterns), patterns }
}

/// The most frequent type of the last seven days; of several the first; of none Insight.
fn topic(logs: &[Entry], now: Moment) -> usize {
    let mut counts = [0usize; TYPES.len()];
    for entry in
        logs.iter().filter(|entry| entry.created_at > now.minutes_before(WEEK_MIN) && entry.created_at <= now)
    {
        if let Some(at) =
            entry.entry_type().and_then(|found| TYPES.iter().position(|(_, known)| *known == found))
        {
            counts[at] += 1;
        }
    }
    let most = counts.iter().max().filter(|most| **most > 0);
    let insight = TYPES.iter().position(|(_, known)| *known == Type::Insight).unwrap_or(0);
    most.and_then(|most| counts.iter().position(|count| count == most)).unwrap_or(insight)
}

/// Sentences in one order, each only if there is something to say.
fn text(patterns: &Patterns) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = patterns.transmutation_rate {
        let trend = match patterns.trend {
            Trend::Improving => "improving",
            Trend::Declining => "declining",
            Trend::Stable => "steady",
        };
        parts.push(format!(
            "In the last 30 days: {} of {} transmuted ({rate} %), {trend}.",
            patterns.transmuted,
            counted(patterns.urges, "urge")
        ));
    }
    if let Some(hour) = patterns.top_leak_hour {
        parts.push(format!("{}, most around {hour:02}:00.", counted(patterns.leaks, "leak")));
    }
    if let Some(kata) = &patterns.top_kata {
        parts.push(format!("Practised most: {kata}."));
    }
    if parts.is_empty() {
        parts.push("Nothing was logged in the last 30 days: one entry today gives the next question something to stand on.".into());
    }
    parts.join(" ")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::sovereign;
    use super::*;
    use serde_json::json;

    fn of(logs: Vec<Entry>) -> Attunement {
        let (today, now) =
            (Day::parse("2026-03-10").expect("a day"), Moment::parse("2026-03-10T23:00:00Z").expect("now"));
        of_day(Input { logs, today, now, questions: [4; 5] })
    }

    #[test]
    fn the_topic_is_the_most_frequent_of_the_week_and_the_day_chooses_the_question() {
        let none = of(vec![]);
        assert_eq!((none.topic, none.question), ("Insight", 2), "20522 mod 4");
        let tie = of(vec![sovereign("09:00", "Leak/Drain", json!({})), sovereign("10:00", "Win", json!({}))]);
        assert_eq!(tie.topic, "Win");
        let mut old = sovereign("09:00", "Win", json!({}));
        old.created_at = old.created_at.minutes_before(WEEK_MIN);
        assert_eq!(of(vec![old, sovereign("09:00", "Leak/Drain", json!({}))]).topic, "Leak/Drain");
    }

    #[test]
    fn the_answer_says_what_the_figures_have_and_nothing_else() {
        let logs = vec![
            sovereign("09:00", "Urge/Symptom", json!({"actionTaken": "walk"})),
            sovereign("10:00", "Urge/Symptom", json!({})),
            sovereign("21:00", "Leak/Drain", json!({})),
            sovereign("22:30", "Kata Performed", json!({"kataPerformed": ["breath"]})),
        ];
        assert_eq!(
            of(logs).answer,
            "In the last 30 days: 1 of 2 urges transmuted (50 %), steady. 1 leak, most around 21:00. Practised most: breath."
        );
        assert!(of(vec![]).answer.starts_with("Nothing was logged"));
    }
}
