import ScoreModel

/// Watches what training does for held-out images: says when it brings nothing more, and which weights were the best.
///
/// **Stops** after `patience` validations in a row of which none was better than the mark by more than chance
/// (`PairedDifference.isPositive`). The mark is the last validation that was so against the mark before it, so that small gains add
/// up until they show.
///
/// **Chooses** the latest weights, or those of the lowest validation where the latest are worse than these by more than chance.
struct HeldOutWatch {
  private(set) var said: Checkpoint.Watch
  /// Averaged parameters at the lowest validation.
  private(set) var best: [Float]?
  /// Nil: never stops, and the latest weights it is.
  let patience: Int?

  init(_ said: Checkpoint.Watch, best: [Float]?, patience: Int?) {
    self.said = said
    self.best = best
    self.patience = patience
  }

  var isOver: Bool { patience.map { said.stale >= $0 } ?? false }

  /// What there was before the first step.
  mutating func start(_ bits: [Double]) { said.start = Self.point(bits, 0) }

  mutating func take(_ bits: [Double], at step: Int, weights: @autoclosure () -> [Float]) {
    let scores = Checkpoint.Watch.Scores(step: step, bits: bits)
    said.points.append(Self.point(bits, step))
    said.last = scores
    guard patience != nil else { return }
    if PairedDifference(said.best?.bits ?? [], bits).mean > 0 || said.best == nil {
      said.best = scores
      best = weights()
    }
    if let mark = said.mark, !PairedDifference(mark.bits, bits).isPositive {
      said.stale += 1
    } else {
      said.mark = scores
      said.stale = 0
    }
  }

  /// What is better than the latest by more than chance; nil where nothing is.
  var better: (step: Int, difference: PairedDifference, weights: [Float])? {
    guard let last = said.last, let lowest = said.best, let best, lowest.step < last.step else { return nil }
    let difference = PairedDifference(last.bits, lowest.bits)
    return difference.isPositive ? (lowest.step, difference, best) : nil
  }

  private static func point(_ bits: [Double], _ step: Int) -> Checkpoint.Watch.Point {
    let (mean, error) = PairedDifference.moments(bits)
    return Checkpoint.Watch.Point(step: step, bitsPerDim: mean, standardError: error)
  }
}
