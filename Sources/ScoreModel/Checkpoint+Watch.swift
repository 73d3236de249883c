extension Checkpoint {
  /// What held-out images have said of a training so far: always the same images, under the same noise.
  public struct Watch: Codable, Sendable, Hashable {
    /// One validation: mean bits/dim, and the standard error of the mean over images.
    public struct Point: Codable, Sendable, Hashable {
      public let step: Int
      public let bitsPerDim: Double
      public let standardError: Double

      package init(step: Int, bitsPerDim: Double, standardError: Double) {
        self.step = step
        self.bitsPerDim = bitsPerDim
        self.standardError = standardError
      }
    }

    /// Bits/dim image by image, after so many steps.
    package struct Scores: Codable, Sendable, Hashable {
      package let step: Int
      package let bits: [Double]

      package init(step: Int, bits: [Double]) {
        self.step = step
        self.bits = bits
      }
    }

    /// The network that was started from, before its first step; nil for random weights.
    public package(set) var start: Point?
    public package(set) var points: [Point] = []
    /// The latest.
    package var last: Scores?
    /// Of the lowest mean, where its weights are kept.
    package var best: Scores?
    /// The last that was better than the mark before it by more than chance.
    package var mark: Scores?
    /// Validations since the mark.
    package var stale = 0

    package init() {}

    private enum CodingKeys: String, CodingKey { case start, points, last, best, mark, stale }
  }
}

extension Checkpoint.Watch {
  /// Images scored each time; nil before the first.
  package var images: Int? { last?.bits.count }

  /// Why nothing can have been said so, or nil when it can.
  func refusal(after step: Int) -> String? {
    let scores = [last, best, mark].compactMap { $0 }
    guard scores.isEmpty || Set(scores.map(\.bits.count)).count == 1 else {
      return "validations of different numbers of images"
    }
    // No code of ours is longer than some thousand bits a value.
    let bits = scores.flatMap(\.bits) + (points + [start].compactMap { $0 }).map(\.bitsPerDim)
    guard bits.allSatisfy({ abs($0) < 1e6 }), scores.allSatisfy({ !$0.bits.isEmpty }) else {
      return "validations with bits that no image has"
    }
    let steps = points.map(\.step)
    guard steps.allSatisfy({ (0...step).contains($0) }),
      zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }),
      scores.allSatisfy({ steps.contains($0.step) }), (last == nil) == points.isEmpty
    else { return "validations at steps that were not taken" }
    return (0...points.count).contains(stale) ? nil : "\(stale) validations since the best"
  }
}
