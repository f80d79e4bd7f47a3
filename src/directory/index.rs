//! The search of names and e-mails, by text that was folded before: lower case, without accents.
//!
//! The text has one line a person: a digit, `0` for those who are active, the name, a tabulator, the e-mail, a line feed. Its
//! letters are numbers of any kind that the query has too: JavaScript's are UTF-16.

const TAB: u32 = 9;
const LINE_FEED: u32 = 10;
const BLANK: u32 = 32;
const ACTIVE: u32 = 48;

/// The most letters of a query: no name is as long.
pub const LONGEST_QUERY: usize = 1_024;

/// How many ranks there are, see [`scan`]; those who are not active come after all others.
const RANKS: u32 = 6;
const NO_MATCH: u32 = 2 * RANKS;

/// A text, room for a query and for what is found, all in one piece of memory.
#[derive(Debug)]
pub(crate) struct Index {
    /// The text, the query, the ranks of the lines, and the numbers of those that were found.
    memory: Vec<u32>,
    letters: usize,
    lines: usize,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { memory: Vec::new(), letters: 0, lines: 0 }
    }

    /// Makes room for a text, and returns it.
    pub(crate) fn text(&mut self, letters: usize, lines: usize) -> &mut [u32] {
        self.letters = letters;
        self.lines = lines;
        self.memory = vec![0; letters + LONGEST_QUERY + 2 * lines];
        self.memory.get_mut(..letters).unwrap_or_default()
    }

    /// Returns the room of a query.
    pub(crate) fn query(&mut self) -> &mut [u32] {
        self.memory.get_mut(self.letters..).unwrap_or_default()
    }

    /// Returns the numbers of the lines that were found, the best first.
    pub(crate) fn found(&self) -> &[u32] {
        self.memory.get(self.letters + LONGEST_QUERY + self.lines..).unwrap_or_default()
    }

    /// Finds the lines that have all words of the query, and returns how many they are.
    pub(crate) fn search(&mut self, query: usize) -> usize {
        let mut count = 0;
        if let Some((text, rest)) = self.memory.split_at_mut_checked(self.letters)
            && let Some((room, rest)) = rest.split_at_mut_checked(LONGEST_QUERY)
            && let Some((ranks, found)) = rest.split_at_mut_checked(self.lines)
            && let Some(query) = room.get(..query)
        {
            let mut text = &*text;
            for rank in &mut *ranks {
                let Some((mark, line)) = text.split_first() else { break };
                // The rank of a line is that of the word that fits least.
                let mut worst = 0;
                let mut next = line;
                for word in query.split(|letter| *letter == BLANK) {
                    let (best, after) = scan(line, word);
                    worst = worst.max(best);
                    next = after;
                }
                text = next;
                *rank = if worst >= NO_MATCH || *mark == ACTIVE { worst } else { worst + RANKS };
            }
            // So few ranks need no sorting.
            let mut places = found.iter_mut();
            for wanted in 0..NO_MATCH {
                for (line, rank) in (0..).zip(&*ranks) {
                    if *rank == wanted
                        && let Some(place) = places.next()
                    {
                        *place = line;
                        count += 1;
                    }
                }
            }
        }
        count
    }
}

/// Returns the best rank of a word in the line that begins here, and what follows that line. Ranks: whole text, its
/// beginning, the beginning of a word, anywhere; names before e-mails.
fn scan<'a>(line: &'a [u32], word: &[u32]) -> (u32, &'a [u32]) {
    let first = word.first().copied();
    // Two blanks have no word between them.
    let mut best = if first.is_none() { 0 } else { NO_MATCH };
    let mut is_email = 0;
    let mut before = TAB;
    let mut rest = line;
    while let Some((letter, after)) = rest.split_first() {
        if *letter == LINE_FEED {
            return (best, after);
        }
        if *letter == TAB {
            is_email = 1;
        } else if Some(*letter) == first && rest.starts_with(word) {
            let is_whole = rest.get(word.len()).is_none_or(|next| *next == TAB || *next == LINE_FEED);
            best = best.min(match before {
                TAB if is_whole => 0,
                TAB => 1 + 2 * is_email,
                BLANK => 2 + 2 * is_email,
                _ => 4 + is_email,
            });
        }
        before = *letter;
        rest = after;
    }
    (best, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(people: &[(bool, &str, &str)], query: &str) -> Vec<u32> {
        let lines = people.iter().map(|(active, name, email)| {
            let mark = if *active { "0" } else { "1" };
            [mark, name, "\t", email, "\n"].concat()
        });
        let text: Vec<_> = lines.collect::<String>().chars().map(u32::from).collect();
        let query: Vec<_> = query.chars().map(u32::from).collect();
        let mut index = Index::new();
        index.text(text.len(), people.len()).copy_from_slice(&text);
        index.query()[..query.len()].copy_from_slice(&query);
        let count = index.search(query.len());
        index.found()[..count].to_vec()
    }

    #[test]
    fn better_matches_come_first_and_those_who_left_come_last() {
        let people = [
            (false, "bond", "007@mi6.example"),
            (true, "vagabond", "v@mi6.example"),
            (true, "x", "abond@mi6.example"),
            (true, "q", "bond@mi6.example"),
            (true, "james bond", "j@mi6.example"),
            (true, "bondurant", "b@mi6.example"),
            (true, "bond", "james@mi6.example"),
            (true, "m", "m@mi6.example"),
        ];
        assert_eq!(found(&people, "bond"), [6, 5, 4, 3, 1, 2, 0]);
        assert_eq!(found(&people, "bond@mi6.example"), [3, 2]);
        assert_eq!(found(&people, "mi6").len(), 8);
        assert_eq!(found(&people, ""), [1, 2, 3, 4, 5, 6, 7, 0], "no word: everybody");
        assert_eq!(found(&people, "nobody"), [0_u32; 0]);
    }

    #[test]
    fn every_word_has_to_be_found_in_any_order() {
        let people = [(true, "james bond", "j@mi6.example"), (true, "james moriarty", "m@b.example")];
        assert_eq!(found(&people, "bond james"), [0]);
        assert_eq!(found(&people, "james  b"), [0, 1]);
        assert_eq!(found(&people, "james mi6"), [0]);
        assert_eq!(found(&[], "a"), [0_u32; 0]);
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            people in prop::collection::vec((any::<bool>(), "[ab ]{0,6}", "[ab@]{0,6}"), 0..20),
            query in "[ab@ ]{0,5}",
        ) {
            let people: Vec<_> =
                people.iter().map(|(active, name, email)| (*active, name.as_str(), email.as_str())).collect();
            let mut lines = found(&people, &query);
            let is_active = |line: &u32| people[*line as usize].0;
            prop_assert!(lines.is_sorted_by_key(|line| !is_active(line)));
            lines.sort_unstable();
            let expected: Vec<u32> = (0..)
                .zip(&people)
                .filter(|(_, (_, name, email))| {
                    query.split(' ').all(|word| name.contains(word) || email.contains(word))
                })
                .map(|(line, _)| line)
                .collect();
            prop_assert_eq!(lines, expected);
        }
    }
}
