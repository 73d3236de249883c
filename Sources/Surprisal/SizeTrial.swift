import Detection
import Files
import Images

/// At which size one look sees most of what may be wrong with images: some of them are spoiled in part at the largest of the sizes that
/// half of them have, all are shrunk to each, and the spoiled ones are told from the others.
package struct SizeTrial {
  /// Sides that are tried, ascending.
  package static let sides = [32, 64, 128]
  /// Images that are looked at, those spoiled apart.
  private static let most = 160
  /// Images that are spoiled in each way.
  private static let spoiled = 24

  private let examination: Examination
  /// Those that images are not blown up to.
  package let sides: [Int]

  /// - Parameters:
  ///   - paths: evenly spread ones are looked at.
  ///   - channels: as the network takes them; fewer where the images have fewer.
  ///   - largest: side that is tried.
  /// - Returns: nil of too few, or where the images are too small for more than one size.
  package init?(
    of paths: [FilePath], reading: ImageReading, channels: Int,
    largest: Int = Self.sides[Self.sides.count - 1]
  ) {
    let sources = reading.sources(in: paths)
    let taken = min(sources.count, Self.most)
    let shape = ImageShape(height: largest, width: largest, channels: channels)
    let found = inParallel(taken) { place in
      try? sources[place * sources.count / taken].load(reading.decoder, as: shape)
    }.compactMap { $0 }
    let shorter = found.map { min($0.origin.width, $0.origin.height) }.sorted()
    guard let middle = shorter.dropFirst(shorter.count / 2).first else { return nil }
    sides = Self.sides.filter { $0 <= min(middle, largest) }
    guard sides.count > 1, let side = sides.last else { return nil }
    let read = ImageBatch(shape: shape, images: found.map(\.bitmap)).inFewestChannels
    let images = read.resampled(to: ImageShape(height: side, width: side, channels: read.shape.channels))
    let distinct = images[CopyGroups(of: images).representatives]
    guard
      let examination = Examination(distinct, by: Flaw.allCases, mostAltered: Self.spoiled, seed: 0)
    else { return nil }
    self.examination = examination
  }

  /// Of each spoiled image the share of those as they are that it is odder than, by one look at a size.
  /// - Throws: `EngineError`, `CalibrationError`, `SurprisalError.unsuitableSize`.
  package func placements(at side: Int, by network: Model, compute: Compute) throws -> [Double] {
    try examination.placements(at: side, by: network, compute: compute)
  }

  /// The smallest side that no larger one beats by more than chance, each tried against the best so far; one that the network does not take
  /// is none.
  func choice(by network: Model, compute: Compute) throws -> FittedShape.Choice? {
    var best: (side: Int, placements: [Double])?
    var seen: [(side: Int, area: Double)] = []
    for side in sides where network.takes(side: side) {
      let found = try placements(at: side, by: network, compute: compute)
      seen.append((side, found.reduce(0, +) / Double(max(found.count, 1))))
      guard let known = best else {
        best = (side, found)
        continue
      }
      // What is not seen at twice the size is hardly seen at four times.
      guard PairedDifference(found, known.placements).isPositive else { break }
      best = (side, found)
    }
    return best.map { FittedShape.Choice($0.side, seen) }
  }
}

extension Model {
  /// Whether the network takes squares of a side.
  func takes(side: Int) -> Bool {
    let shape = ImageShape(height: side, width: side, channels: shape.channels)
    return shape.refusal == nil && architecture.reshaped(shape).refusal == nil
  }
}
