//! Random draws of the shapes that the field shows.

use fastrand::Rng;

/// A draw from (nearly) the standard normal distribution: twelve uniform ones added.
pub fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}

/// A log-normal draw about a median.
pub fn log_normal(rng: &mut Rng, median: f64, spread: f64) -> f64 {
    median * (normal(rng) * spread).exp()
}

/// Whether something happens that happens in this share of cases.
pub fn happens(rng: &mut Rng, share: f64) -> bool {
    rng.f64() < share
}

/// The index of one of several weights, drawn in proportion.
pub fn weighted(rng: &mut Rng, weights: &[f64]) -> usize {
    let mut left = rng.f64() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len() - 1
}
