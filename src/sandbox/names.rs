//! What the people of the company are called, and where they are.

/// A first or last name, and how an e-mail address spells it.
type Name = (&'static str, &'static str);

const FIRST: [Name; 24] = [
    ("Amélie", "amelie"),
    ("Björn", "bjorn"),
    ("Chloé", "chloe"),
    ("David", "david"),
    ("Elena", "elena"),
    ("Farid", "farid"),
    ("Greta", "greta"),
    ("Hugo", "hugo"),
    ("Inés", "ines"),
    ("Jaan", "jaan"),
    ("Kadri", "kadri"),
    ("Lucía", "lucia"),
    ("Mateo", "mateo"),
    ("Noor", "noor"),
    ("Olivia", "olivia"),
    ("Priya", "priya"),
    ("Quentin", "quentin"),
    ("Rasmus", "rasmus"),
    ("Sofía", "sofia"),
    ("Tõnis", "tonis"),
    ("Uma", "uma"),
    ("Victor", "victor"),
    ("Wei", "wei"),
    ("Zoë", "zoe"),
];

const LAST: [Name; 25] = [
    ("Almeida", "almeida"),
    ("Bergström", "bergstrom"),
    ("Castillo", "castillo"),
    ("Dubois", "dubois"),
    ("Eriksson", "eriksson"),
    ("Fernández", "fernandez"),
    ("Girard", "girard"),
    ("Haddad", "haddad"),
    ("Ivanova", "ivanova"),
    ("Jõgi", "jogi"),
    ("Kask", "kask"),
    ("Lefèvre", "lefevre"),
    ("Müller", "muller"),
    ("Nowak", "nowak"),
    ("O'Neill", "oneill"),
    ("Patel", "patel"),
    ("Quinn", "quinn"),
    ("Rossi", "rossi"),
    ("Saar", "saar"),
    ("Tamm", "tamm"),
    ("Ueda", "ueda"),
    ("Vega", "vega"),
    ("Weiss", "weiss"),
    ("Young", "young"),
    ("Zhang", "zhang"),
];

/// The domain of the company's addresses, one that nobody can own.
pub(super) const DOMAIN: &str = "casinoroyale.example";

/// The name and the e-mail address of the nth person. Names repeat after a while, addresses never do.
pub(super) fn person(nth: u64) -> (String, String) {
    // Every step takes the next of both lists, whose lengths have no factor in common: 600 pairs come before
    // the first comes again.
    let (Some(first), Some(last)) = (turn(&FIRST, nth), turn(&LAST, nth)) else {
        return (nth.to_string(), format!("{nth}@{DOMAIN}"));
    };
    let round = nth / (FIRST.len() as u64 * LAST.len() as u64);
    let number = if round == 0 { String::new() } else { (round + 1).to_string() };
    (format!("{} {}", first.0, last.0), format!("{}.{}{number}@{DOMAIN}", first.1, last.1))
}

/// Where a user is, and what follows from it.
#[derive(Debug)]
pub(super) struct ParamLocation {
    pub(super) locale: &'static str,
    /// Pipedrive's number of the language.
    pub(super) lang: u64,
    pub(super) currency: &'static str,
    pub(super) timezone: &'static str,
    pub(super) offset: &'static str,
    /// The country's dialling code.
    pub(super) dial: &'static str,
}

/// Where the founder is.
pub(super) const HOME: ParamLocation = ParamLocation {
    locale: "en_US",
    lang: 1,
    currency: "EUR",
    timezone: "Europe/Tallinn",
    offset: "+02:00",
    dial: "+372",
};

const PLACES: [ParamLocation; 4] = [
    ParamLocation {
        locale: "es_ES",
        lang: 6,
        currency: "EUR",
        timezone: "Europe/Madrid",
        offset: "+01:00",
        dial: "+34",
    },
    ParamLocation {
        locale: "fr_FR",
        lang: 8,
        currency: "EUR",
        timezone: "Europe/Paris",
        offset: "+01:00",
        dial: "+33",
    },
    ParamLocation {
        locale: "en_GB",
        lang: 1,
        currency: "GBP",
        timezone: "Europe/London",
        offset: "+00:00",
        dial: "+44",
    },
    HOME,
];

/// The place that a random number stands for.
pub(super) fn place(number: u64) -> &'static ParamLocation {
    turn(&PLACES, number).unwrap_or(&HOME)
}

fn turn<T>(list: &[T], nth: u64) -> Option<&T> {
    let at = nth.checked_rem(list.len() as u64)?;
    list.get(usize::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_address_comes_twice() {
        let addresses: BTreeSet<_> = (0..2000).map(|nth| person(nth).1).collect();
        assert_eq!(addresses.len(), 2000);
        assert!(
            addresses.iter().all(|address| address.is_ascii() && address.ends_with("@casinoroyale.example"))
        );
    }

    #[test]
    fn names_come_again_with_a_number_in_the_address() {
        assert_eq!(person(0), ("Amélie Almeida".into(), "amelie.almeida@casinoroyale.example".into()));
        assert_eq!(person(600), ("Amélie Almeida".into(), "amelie.almeida2@casinoroyale.example".into()));
    }
}
