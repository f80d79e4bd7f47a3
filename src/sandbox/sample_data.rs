//! Names and locations of the generated users.

/// A first or last name, and its ASCII spelling in e-mail addresses.
type Name = (&'static str, &'static str);

const FIRST_NAMES: [Name; 24] = [
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

const LAST_NAMES: [Name; 25] = [
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

/// Domain of all e-mail addresses. `.example` is reserved and cannot be registered (RFC 2606).
pub(super) const DOMAIN: &str = "casinoroyale.example";

/// Returns the name and the e-mail address of the nth person. Names repeat, addresses are unique.
pub(super) fn person(nth: u64) -> (String, String) {
    // Both lists advance together. Their lengths are coprime, so all 24 * 25 = 600 pairs occur before one repeats.
    let (Some(first), Some(last)) = (get_cyclic(&FIRST_NAMES, nth), get_cyclic(&LAST_NAMES, nth)) else {
        return (nth.to_string(), format!("{nth}@{DOMAIN}"));
    };
    let round = nth / (FIRST_NAMES.len() as u64 * LAST_NAMES.len() as u64);
    let number = if round == 0 { String::new() } else { (round + 1).to_string() };
    (format!("{} {}", first.0, last.0), format!("{}.{}{number}@{DOMAIN}", first.1, last.1))
}

/// The location of a user, and the members of the record that depend on it.
#[derive(Debug)]
pub(super) struct Location {
    pub(super) locale: &'static str,
    /// Pipedrive's id of the interface language.
    pub(super) lang: u64,
    pub(super) currency: &'static str,
    pub(super) timezone: &'static str,
    pub(super) offset: &'static str,
    /// The country calling code.
    pub(super) calling_code: &'static str,
}

/// The location of the founder, and of users added later.
pub(super) const DEFAULT_LOCATION: Location = Location {
    locale: "en_US",
    lang: 1,
    currency: "EUR",
    timezone: "Europe/Tallinn",
    offset: "+02:00",
    calling_code: "+372",
};

const LOCATIONS: [Location; 4] = [
    Location {
        locale: "es_ES",
        lang: 6,
        currency: "EUR",
        timezone: "Europe/Madrid",
        offset: "+01:00",
        calling_code: "+34",
    },
    Location {
        locale: "fr_FR",
        lang: 8,
        currency: "EUR",
        timezone: "Europe/Paris",
        offset: "+01:00",
        calling_code: "+33",
    },
    Location {
        locale: "en_GB",
        lang: 1,
        currency: "GBP",
        timezone: "Europe/London",
        offset: "+00:00",
        calling_code: "+44",
    },
    DEFAULT_LOCATION,
];

/// Maps a random number to a location.
pub(super) fn location(number: u64) -> &'static Location {
    get_cyclic(&LOCATIONS, number).unwrap_or(&DEFAULT_LOCATION)
}

fn get_cyclic<T>(list: &[T], nth: u64) -> Option<&T> {
    let index = nth.checked_rem(list.len() as u64)?;
    list.get(usize::try_from(index).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn addresses_are_unique() {
        let addresses: BTreeSet<_> = (0..2000).map(|nth| person(nth).1).collect();
        assert_eq!(addresses.len(), 2000);
        assert!(
            addresses.iter().all(|address| address.is_ascii() && address.ends_with("@casinoroyale.example"))
        );
    }

    #[test]
    fn repeated_names_have_a_number_in_the_address() {
        assert_eq!(person(0), ("Amélie Almeida".into(), "amelie.almeida@casinoroyale.example".into()));
        assert_eq!(person(600), ("Amélie Almeida".into(), "amelie.almeida2@casinoroyale.example".into()));
    }
}
