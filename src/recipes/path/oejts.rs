//! The type questionnaire: sixty word pairs on four scales, a few a visit (RECIPES 5.5). The words are the app's.

use crate::recipes::figure::{Hundredths, percent};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    pub answers: Vec<Answer>,
}

#[derive(Clone, Copy, Deserialize)]
pub struct Answer {
    /// 1 to 60.
    pub question_id: u8,
    /// 1 (first pole) to 5.
    pub value: u8,
}

#[derive(Debug, Serialize)]
pub struct Answered {
    pub result: TypeResult,
    /// The question to ask next; none is left after the last.
    pub next: Option<u8>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeResult {
    /// Four letters; none before each scale has five answers.
    #[serde(rename = "type")]
    pub name: Option<String>,
    pub scores: Scores,
    pub dominant_functions: Vec<String>,
    pub completion_percentage: i64,
}

/// Means of the answers, to two decimals.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Scores {
    pub ie: Option<Hundredths>,
    pub sn: Option<Hundredths>,
    pub ft: Option<Hundredths>,
    pub jp: Option<Hundredths>,
}

const QUESTIONS: u8 = 60;
const ENOUGH: i64 = 5;
const POLES: [[char; 2]; 4] = [['I', 'E'], ['S', 'N'], ['F', 'T'], ['J', 'P']];

#[derive(Clone, Copy, Default)]
struct Scale {
    sum: i64,
    count: i64,
}

pub fn result(given: &Input) -> Answered {
    let mut scales = [Scale::default(); 4];
    let mut answered = [false; QUESTIONS as usize];
    for Answer { question_id, value } in &given.answers {
        let Some(seen) = answered.get_mut(usize::from(*question_id).wrapping_sub(1)) else { continue };
        if !std::mem::replace(seen, true) {
            let scale = &mut scales[scale_of(*question_id)];
            scale.sum += i64::from(*value);
            scale.count += 1;
        }
    }
    let count: i64 = scales.iter().map(|scale| scale.count).sum();
    let letters = scales.iter().all(|scale| scale.count >= ENOUGH).then(|| letters(&scales));
    let [ie, sn, ft, jp] =
        scales.map(|scale| (scale.count > 0).then(|| Hundredths(scale.sum * 100).mean(scale.count as usize)));
    Answered {
        result: TypeResult {
            dominant_functions: letters.map_or_else(Vec::new, functions),
            name: letters.map(|letters| letters.iter().collect()),
            scores: Scores { ie, sn, ft, jp },
            completion_percentage: percent(count, QUESTIONS.into()),
        },
        next: next(&scales, &answered),
    }
}

fn scale_of(question: u8) -> usize {
    usize::from((question - 1) % 4)
}

/// A mean above the middle is the second pole's.
fn letters(scales: &[Scale; 4]) -> [char; 4] {
    let mut letters = [' '; 4];
    for ((letter, scale), poles) in letters.iter_mut().zip(scales).zip(POLES) {
        *letter = poles[usize::from(scale.sum > 3 * scale.count)];
    }
    letters
}

/// The two leading functions: the extraverted one leads an E.
fn functions([attitude, perceiving, judging, last]: [char; 4]) -> Vec<String> {
    let (outer, inner) = if last == 'J' { (judging, perceiving) } else { (perceiving, judging) };
    let (outer, inner) = (format!("{outer}e"), format!("{inner}i"));
    if attitude == 'E' { vec![outer, inner] } else { vec![inner, outer] }
}

fn next(scales: &[Scale; 4], answered: &[bool; QUESTIONS as usize]) -> Option<u8> {
    (1..=QUESTIONS)
        .filter(|question| !answered[usize::from(*question) - 1])
        .min_by_key(|question| (scales[scale_of(*question)].count, scale_of(*question), *question))
}

#[cfg(test)]
mod tests {
    //! P-X5.
    use super::*;

    /// All sixty, so that the means are `tenths` / 10 on the four scales: fifteen answers each.
    fn all(tenths: [u16; 4]) -> Vec<Answer> {
        let mut answers = vec![];
        for (scale, tenths) in tenths.into_iter().enumerate() {
            let (sum, low) = (tenths * 15 / 10, tenths / 10);
            for at in 0..15u16 {
                let value = low + u16::from(at < sum - low * 15);
                answers.push(Answer { question_id: (at * 4) as u8 + scale as u8 + 1, value: value as u8 });
            }
        }
        answers
    }

    fn of(answers: Vec<Answer>) -> Answered {
        result(&Input { answers })
    }

    #[test]
    fn means_make_the_type_and_its_leading_functions() {
        let Answered { result, next } = of(all([22, 38, 30, 34]));
        assert_eq!(result.name.as_deref(), Some("INFP"));
        assert_eq!(
            (result.dominant_functions, result.completion_percentage, next),
            (vec!["Fi".to_string(), "Ne".into()], 100, None)
        );
        let means = [220, 380, 300, 340].map(|mean| Some(Hundredths(mean)));
        assert_eq!([result.scores.ie, result.scores.sn, result.scores.ft, result.scores.jp], means);
        assert_eq!(of(all([38, 22, 38, 22])).result.dominant_functions, ["Te", "Si"]);
        assert_eq!(of(all([22, 22, 22, 22])).result.dominant_functions, ["Si", "Fe"]);
        assert_eq!(of(all([38, 38, 22, 38])).result.dominant_functions, ["Ne", "Fi"]);
    }

    #[test]
    fn there_is_no_type_before_every_scale_has_five_answers() {
        let answers: Vec<Answer> = (1..=60)
            .filter(|id| id % 4 != 1 || *id <= 13)
            .take(23)
            .map(|question_id| Answer { question_id, value: 4 })
            .collect();
        let on_first = answers.iter().filter(|answer| answer.question_id % 4 == 1).count();
        let Answered { result, next } = of(answers);
        assert_eq!((on_first, result.completion_percentage, result.name, next), (4, 38, None, Some(17)));
        let twenty = (1..=20).map(|question_id| Answer { question_id, value: 4 }).collect();
        assert_eq!(of(twenty).result.name.as_deref(), Some("ENTP"));
    }

    #[test]
    fn the_next_question_is_the_lowest_of_the_scale_with_fewest_answers() {
        assert_eq!(of(vec![]).next, Some(1));
        let one = |ids: &[u8]| of(ids.iter().map(|id| Answer { question_id: *id, value: 3 }).collect()).next;
        assert_eq!([one(&[1]), one(&[1, 2]), one(&[1, 2, 3, 4]), one(&[2, 3, 4, 5])], [2, 3, 5, 1].map(Some));
        assert_eq!(one(&[0, 61, 255]), Some(1), "what is no question is not counted");
    }
}
