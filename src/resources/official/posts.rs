//! Posts that one person holds at a time.

use std::collections::BTreeSet;

use crate::model::dates::{Day, PartialDate};
use crate::model::violations::Path;
use crate::proto::v1::{Tenure, TenureCapacity, TenureRank, WarningCode};
use crate::resources::{doubts, end_kind};
use crate::store::peers::{Likeness, Peer, Peers};
use crate::store::resource::{Keys, Warnings};

/// Where they stand, with the period as [`says`] has it.
pub(super) const PEERS: Peers = Peers {
    table: "tenure",
    column: "post",
    says: "COALESCE(start, '') || '/' || COALESCE(\"end\", '') || '/' || COALESCE(end_kind, '')",
    others: None,
};

/// The post that `tenure` is of, if one person holds it at a time, in full right as far as
/// is said: the one of its rank in its organization, or else, if each state has one such,
/// in its country.
pub(super) fn post(tenure: &Tenure, keys: &dyn Keys) -> Option<i64> {
    use TenureRank::{
        DefenceMinister, ForeignMinister, HeadOfGovernment, HeadOfMission, HeadOfState,
        IntelligenceHead, NationalSecurityAdviser, OrganizationHead,
    };
    if !matches!(tenure.capacity(), TenureCapacity::Unspecified | TenureCapacity::Substantive) {
        return None;
    }
    let rank = tenure.rank();
    let place = match rank {
        HeadOfState
        | HeadOfGovernment
        | ForeignMinister
        | DefenceMinister
        | NationalSecurityAdviser
            if tenure.organization.is_empty() =>
        {
            &tenure.country
        }
        HeadOfState
        | HeadOfGovernment
        | ForeignMinister
        | DefenceMinister
        | NationalSecurityAdviser
        | IntelligenceHead
        | HeadOfMission
        | OrganizationHead => &tenure.organization,
        _ => return None,
    };
    // Keys of records of all types are different, and far below that.
    Some((i64::from(i32::from(rank)) << 48) | keys.key(place)?)
}

/// The posts among `tenures`.
pub(super) fn likenesses(tenures: &[Tenure], keys: &dyn Keys) -> Vec<Likeness> {
    let posts = tenures.iter().enumerate().filter_map(|(place, tenure)| {
        let (value, says) = (post(tenure, keys)?, says(tenure));
        Some(Likeness { value, place, says, others: Vec::new() })
    });
    posts.collect()
}

fn says(tenure: &Tenure) -> String {
    match &tenure.period {
        Some(period) => format!("{}/{}/{}", period.start, period.end, end_kind(period)),
        None => "//".to_owned(),
    }
}

/// Doubts a tenure if others certainly held the same post at the same time.
pub(super) fn compare(likeness: &Likeness, peers: &[&Peer], warnings: &mut Warnings) {
    let Some(own) = Span::of(&likeness.says) else { return };
    let overlaps = |peer: &&&Peer| Span::of(&peer.says).is_some_and(|span| span.overlaps(&own));
    let others: BTreeSet<&str> =
        peers.iter().filter(overlaps).map(|peer| peer.name.as_str()).collect();
    if !others.is_empty() {
        let text = format!(
            "is of a post that {} certainly held at the same time: if one of them was acting, \
             `capacity` says so",
            doubts::some_of(others)
        );
        let at = Path::Root.field("tenures");
        warnings.add(WarningCode::PostHeldTwice, &at.index(likeness.place), text);
    }
}

/// The days on which a post was certainly held.
#[derive(PartialEq, Eq)]
struct Span {
    first: Day,
    last: Day,
}

impl Span {
    /// That of a period as [`says`] has it; `None` if it is not known when it starts. One
    /// of which nobody knows how long it lasted was held on its first day.
    fn of(says: &str) -> Option<Self> {
        let mut parts = says.split('/');
        let first = PartialDate::parse(parts.next()?).ok()?.latest();
        let last = match (parts.next()?, parts.next()?) {
            ("", "OPEN") => Day::MAX,
            ("", _) => first,
            (end, _) => PartialDate::parse(end).ok()?.earliest(),
        };
        Some(Self { first, last })
    }

    /// Whether the two have a day in common on which one does not hand over to the other.
    /// Of two who were both there on one and the same day alone, nobody came after the other.
    fn overlaps(&self, other: &Self) -> bool {
        let hands_over = self.last == other.first || other.last == self.first;
        self.first.max(other.first) <= self.last.min(other.last) && (!hands_over || self == other)
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn only_what_is_certain_overlaps() {
        for (one, other, expected) in [
            ("2010/2014/DATED", "2012/2016/DATED", true),
            ("2010/2014/DATED", "2014/2016/DATED", false),
            ("2010-01-01/2014-05-01/DATED", "2014-05-01/2016/DATED", false),
            ("2010-01-01/2014-05-02/DATED", "2014-05-01/2016/DATED", true),
            ("2010-01-01/2014-05-01/DATED", "2014-05-02/2016/DATED", false),
            ("2010//OPEN", "2012//OPEN", true),
            ("2010//OPEN", "2012//UNKNOWN", true),
            ("2010//UNKNOWN", "2012//OPEN", false),
            ("2010//ENDED_DATE_UNKNOWN", "2012/2014/DATED", false),
            ("/2014/DATED", "2012/2016/DATED", false),
            ("//", "2012/2016/DATED", false),
            ("2010/2014/DATED", "2010/2014/DATED", true),
            ("2010/2010/DATED", "2009/2012/DATED", false),
            ("2010-03-01/2010-03-01/DATED", "2009/2012/DATED", true),
            ("2010-03-01/2010-03-01/DATED", "2010-03-01/2010-03-01/DATED", true),
            ("2010-03-01/2010-03-01/DATED", "2010-03-01//UNKNOWN", true),
            ("2010-03-01/2010-03-01/DATED", "2010-03-01/2012/DATED", false),
            ("2010/2010/DATED", "2010/2010/DATED", false),
            ("201X/2014/DATED", "2010/2016/DATED", false),
        ] {
            let overlap = |one: &str, other: &str| {
                Span::of(one).zip(Span::of(other)).is_some_and(|(a, b)| a.overlaps(&b))
            };
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }
}
