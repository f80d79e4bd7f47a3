//! A map in a sorted list. The maps here are small or grow at their end, and the standard library's tree would be a
//! fifth of the shipped module.

/// A map whose keys are in order.
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().and_then(|place| self.0.get(place)).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(place) => {
                if let Some((_, old)) = self.0.get_mut(place) {
                    *old = value;
                }
            }
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|place| self.0.remove(place).1)
    }

    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.0.first()
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.0.len() == 1
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_in_order() {
        let mut map = SortedMap::default();
        for key in [5, 1, 9, 1] {
            map.insert(key, key * 10);
        }
        map.insert(5, 51);
        assert_eq!((map.get(&5), map.get(&2)), (Some(&51), None));
        assert_eq!(map.first(), Some(&(1, 10)));
        assert_eq!((map.remove(&1), map.remove(&1)), (Some(10), None));
        assert_eq!(map.into_values().collect::<Vec<_>>(), [51, 90]);
    }
}
