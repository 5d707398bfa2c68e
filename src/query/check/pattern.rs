//! Regular expressions of the plain sort: characters, `.`, classes, groups, `|`, `^`, `$` and the greedy quantifiers.
//!
//! Matched by walking all states at once, so no pattern can make it slow. What PostgreSQL's locale or flavour would decide
//! (classes of other than ASCII, back references, letters without case in ASCII) is not read, or not matched.

const STEPS_MAX: usize = 4_000;
const REPEATS_MAX: usize = 255;

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    steps: Vec<Step>,
    folds: bool,
    /// Exact for ASCII alone.
    ascii: bool,
}

#[derive(Clone, Debug)]
enum Step {
    /// One character in these ranges, or out of them.
    One(Vec<(char, char)>, bool),
    /// Goes on at both.
    Split(usize, usize),
    Start,
    End,
    Done,
}

/// The states at one place of the text; each step is entered once there.
struct Walk {
    states: Vec<usize>,
    seen: Vec<usize>,
    turn: usize,
}

/// Reads a pattern; steps are emitted as it goes.
struct Reader<'p> {
    rest: std::str::Chars<'p>,
    steps: Vec<Step>,
    ascii: bool,
}

impl Pattern {
    /// None if it is of another sort.
    pub(super) fn new(text: &str, folds: bool) -> Option<Self> {
        if text.starts_with("***") || (folds && !text.is_ascii()) {
            return None;
        }
        let mut reader = Reader { rest: text.chars(), steps: Vec::new(), ascii: folds };
        reader.branches(0)?;
        reader.steps.push(Step::Done);
        reader.rest.next().is_none().then_some(Self { steps: reader.steps, folds, ascii: reader.ascii })
    }

    /// None if it is not exact for this text.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        // ICU takes four more control characters for spaces.
        if self.ascii && !text.bytes().all(|b| b.is_ascii() && !(0x1c..=0x1f).contains(&b)) {
            return None;
        }
        let mut walk = Walk { states: Vec::new(), seen: vec![0; self.steps.len()], turn: 1 };
        let mut chars = text.chars();
        let mut is_start = true;
        loop {
            let next = chars.next();
            self.enter(&mut walk, 0, (is_start, next.is_none()));
            if walk.states.iter().any(|at| matches!(self.steps[*at], Step::Done)) {
                return Some(true);
            }
            let Some(c) = next else { return Some(false) };
            let is_end = chars.as_str().is_empty();
            (is_start, walk.turn) = (false, walk.turn + 1);
            for at in std::mem::take(&mut walk.states) {
                if matches!(&self.steps[at], Step::One(ranges, negated) if self.is_in(ranges, c) != *negated)
                {
                    self.enter(&mut walk, at + 1, (false, is_end));
                }
            }
        }
    }

    fn is_in(&self, ranges: &[(char, char)], c: char) -> bool {
        let held = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
        held(c) || (self.folds && (held(c.to_ascii_lowercase()) || held(c.to_ascii_uppercase())))
    }

    /// Adds a state, and those that it leads to without a character.
    fn enter(&self, walk: &mut Walk, at: usize, (is_start, is_end): (bool, bool)) {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut walk.seen[at], walk.turn) == walk.turn {
                continue;
            }
            match self.steps[at] {
                Step::Split(one, other) => open.extend([other, one]),
                Step::Start if is_start => open.push(at + 1),
                Step::End if is_end => open.push(at + 1),
                Step::Start | Step::End => {}
                Step::One(..) | Step::Done => walk.states.push(at),
            }
        }
    }
}

impl Reader<'_> {
    fn take(&mut self, c: char) -> bool {
        let is_next = self.rest.as_str().starts_with(c);
        if is_next {
            self.rest.next();
        }
        is_next
    }

    fn branches(&mut self, depth: usize) -> Option<()> {
        let start = self.steps.len();
        if depth > 100 {
            return None;
        }
        self.sequence(depth)?;
        if !self.take('|') {
            return Some(());
        }
        // Before the first branch: a choice; behind it: a jump past the others.
        self.insert(start);
        self.steps.push(Step::Start);
        let jump = self.steps.len() - 1;
        self.steps[start] = Step::Split(start + 1, jump + 1);
        self.branches(depth + 1)?;
        self.steps[jump] = Step::Split(self.steps.len(), self.steps.len());
        Some(())
    }

    /// Makes room for a step; those behind it lead one further.
    fn insert(&mut self, place: usize) {
        for step in &mut self.steps[place..] {
            if let Step::Split(one, other) = step {
                (*one, *other) = (*one + 1, *other + 1);
            }
        }
        self.steps.insert(place, Step::Start);
    }

    fn sequence(&mut self, depth: usize) -> Option<()> {
        while let Some(c) = self.rest.clone().next() {
            if c == '|' || (c == ')' && depth > 0) {
                return Some(());
            }
            self.rest.next();
            let start = self.steps.len();
            match c {
                '^' | '$' => {
                    self.steps.push(if c == '^' { Step::Start } else { Step::End });
                    if self.rest.as_str().starts_with(['*', '+', '?', '{']) {
                        return None;
                    }
                    continue;
                }
                '(' => {
                    if self.take('?') && !self.take(':') {
                        return None;
                    }
                    self.branches(depth + 1)?;
                    self.take(')').then_some(())?;
                }
                '[' => self.class()?,
                '.' => self.steps.push(Step::One(Vec::new(), true)),
                '\\' => {
                    let ranges = self.escaped()?;
                    self.steps.push(Step::One(ranges, false));
                }
                '*' | '+' | '?' | '{' | ')' => return None,
                c => self.steps.push(Step::One(vec![(c, c)], false)),
            }
            self.quantifier(start)?;
        }
        Some(())
    }

    fn escaped(&mut self) -> Option<Vec<(char, char)>> {
        let c = self.rest.next()?;
        let ranges: &[(char, char)] = match c {
            'd' => &[('0', '9')],
            'w' => &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => &[(' ', ' '), ('\t', '\r')],
            c if c.is_ascii_punctuation() => return Some(vec![(c, c)]),
            _ => return None,
        };
        self.ascii = true;
        Some(ranges.to_vec())
    }

    fn class(&mut self) -> Option<()> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            let c = self.rest.next()?;
            let several = match c {
                ']' if !ranges.is_empty() => break,
                '[' if self.rest.as_str().starts_with(['.', '=']) => return None,
                '[' if self.rest.as_str().starts_with(':') => Some(self.named_class()?),
                '\\' => Some(self.escaped()?),
                _ => None,
            };
            if let Some(several) = several {
                ranges.extend(several);
                // Whether a range may begin or end with one is a question of flavour.
                if self.rest.as_str().starts_with('-') && !self.rest.as_str().starts_with("-]") {
                    return None;
                }
                continue;
            }
            let mut ahead = self.rest.clone();
            match (ahead.next(), ahead.next()) {
                (Some('-'), Some(to)) if to != ']' => {
                    if to < c || matches!(to, '\\' | '[') || c == '-' {
                        return None;
                    }
                    self.rest = ahead;
                    ranges.push((c, to));
                }
                _ => ranges.push((c, c)),
            }
        }
        self.steps.push(Step::One(ranges, negated));
        Some(())
    }

    /// `:digit:]` and the like, of ASCII.
    fn named_class(&mut self) -> Option<Vec<(char, char)>> {
        let (name, _) = self.rest.as_str().strip_prefix(':')?.split_once(":]")?;
        let ranges: &[(char, char)] = match name {
            "alpha" => &[('a', 'z'), ('A', 'Z')],
            "digit" => &[('0', '9')],
            "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
            "upper" => &[('A', 'Z')],
            "lower" => &[('a', 'z')],
            "space" => &[(' ', ' '), ('\t', '\r')],
            "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
            _ => return None,
        };
        self.rest = self.rest.as_str()[name.len() + 3..].chars();
        self.ascii = true;
        Some(ranges.to_vec())
    }

    /// Repeats what was read since `start`.
    fn quantifier(&mut self, start: usize) -> Option<()> {
        let (least, most) = match self.rest.clone().next() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let (bounds, _) = self.rest.as_str()[1..].split_once('}')?;
                let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
                self.rest = self.rest.as_str()[1 + bounds.len()..].chars();
                (least.parse().ok()?, if most.is_empty() { None } else { Some(most.parse().ok()?) })
            }
            _ => return Some(()),
        };
        self.rest.next();
        if self.rest.as_str().starts_with(['*', '+', '?', '{']) {
            return None;
        }
        let once = self.steps.split_off(start);
        let copies = most.unwrap_or(least + 1);
        if copies > REPEATS_MAX
            || most.is_some_and(|most| most < least)
            || copies * (once.len() + 2) > STEPS_MAX
        {
            return None;
        }
        for copy in 0..copies {
            let (at, length) = (self.steps.len(), once.len());
            let is_endless = most.is_none() && copy + 1 == copies;
            if copy >= least {
                self.steps.push(Step::Split(at + 1, at + 1 + length + usize::from(is_endless)));
            }
            let shift = self.steps.len() - start;
            self.steps.extend(once.iter().map(|step| match step {
                Step::Split(one, other) => Step::Split(one + shift, other + shift),
                other => other.clone(),
            }));
            if is_endless {
                self.steps.push(Step::Split(at, at));
            }
        }
        Some(())
    }
}
