import Detection
import Files
import Images
import Tensors

/// Whether images show one thing on a plain ground each, which lies anyhow, and are told better once the things lie alike.
///
/// Flaws are made up on the things of some, where they lie. Images are then looked at as they are, with things moved to the middle, and with
/// things turned alike too, and the spoiled ones are told from the others, each time at the size that is best.
package struct AlignmentTrial {
  /// Images that are looked at.
  private static let most = 120
  /// Images that are spoiled in each way.
  private static let spoiled = 20
  /// Share of the images that show a thing, from which on all are taken to.
  private static let nearlyAll = 0.95
  /// The same where things are to be aligned whatever comes of it.
  private static let least = 0.5
  /// Longest side of the pictures that flaws are made on.
  private static let kept = 384
  /// Draws of a flaw at most until most of it is on the thing.
  private static let draws = 12

  /// Of images known to belong.
  package let things: Alignment.Things
  /// Those that could be read.
  private let plain: [Bitmap]
  /// The shorter side that half of the images have at least.
  let shorter: Int

  /// - Parameter paths: evenly spread ones are looked at.
  /// - Returns: nil where none can be read.
  package init?(of paths: [FilePath], reading: ImageReading, channels: Int) {
    let all = reading.sources(in: paths)
    let taken = min(all.count, Self.most)
    let found = inParallel(taken) { place in
      try? all[place * all.count / taken].read(reading.decoder).decoded(
        reading.decoder, within: Self.kept, channels: channels)
    }.compactMap { $0 }
    guard !found.isEmpty else { return nil }
    let pictures = found.map(\.bitmap)
    // In fewest channels: a third of the work where all are gray.
    let plain = pictures.allSatisfy(\.isGray) ? pictures.map { $0.converted(toChannels: 1) } : pictures
    self.plain = plain
    things = Alignment.Things(inParallel(plain.count) { Alignment.Found(in: plain[$0]) })
    shorter = found.map { min($0.origin.width, $0.origin.height) }.sorted()[found.count / 2]
  }

  /// What came of a way of looking.
  private struct Way {
    let alignment: Alignment?
    let side: Int
    let placements: [Double]

    var area: Double { placements.reduce(0, +) / Double(max(placements.count, 1)) }
  }

  /// The way of looking at which made-up flaws are told best: one that moves or turns things counts where it is better by more than chance.
  ///
  /// - Parameters:
  ///   - sides: squares that are tried, ascending.
  ///   - network: looks.
  /// - Returns: nil of few images, where few of them show a thing, or where nothing could be tried.
  func choice(among sides: [Int], by network: Model, compute: Compute) throws -> FittedShape.Choice? {
    guard plain.count >= Examination.fewest, things.share >= Self.nearlyAll,
      let placed = Alignment(.placed, of: things),
      let turned = Alignment(.turned, of: things)
    else { return nil }
    let spoiled = spoiled(in: turned)
    guard !spoiled.isEmpty else { return nil }
    var best: Way?
    var told: [String] = []
    for (alignment, words) in [(nil, "as images are"), (placed, "placed"), (turned, "placed and turned")] {
      guard let found = try way(alignment, sides, spoiled, by: network, compute: compute) else { continue }
      told.append(words.told(found.area, found.side))
      guard let known = best else {
        best = found
        continue
      }
      if PairedDifference(found.placements, known.placements).isPositive { best = found }
    }
    return best.map {
      FittedShape.Choice(
        $0.side,
        "made-up flaws on the thing that each shows are told by an AUROC of "
          + told.joined(separator: ", "), $0.alignment)
    }
  }

  /// The alignment of a kind that is wanted whatever it brings.
  /// - Throws: `SurprisalError.unsuitableOption` where fewer than half of the images show a thing.
  func alignment(_ kind: Alignment.Kind) throws(SurprisalError) -> Alignment {
    guard things.share >= Self.least, let found = Alignment(kind, of: things) else {
      throw .unsuitableOption(
        reason:
          "only \(Int(things.share * 100)) % of the images show one thing on a plain ground: nothing to align the others by"
      )
    }
    return found
  }

  /// Squares to try: no larger than images are, and such as a network takes.
  func sides(upTo largest: Int, of network: Model) -> [Int] {
    let sides = SizeTrial.sides.filter { $0 <= min(largest, shorter) && network.takes(side: $0) }
    return sides.isEmpty ? [SizeTrial.sides[0]] : sides
  }

  /// Whether images of some files each show one of things that are alike and lie anyhow.
  static func liesAnyhow(_ files: [FilePath], _ reading: ImageReading) -> Bool {
    guard files.count >= Examination.fewest else { return false }
    let things = Alignment.Things(
      inParallel(files.count) { place in
        (try? reading.whole(at: files[place], within: Alignment.searched)).flatMap { Alignment.Found(in: $0) }
      })
    guard things.share >= nearlyAll, let lying = Alignment.lying(things) else { return false }
    return lying.likeness >= alike && lying.variance >= anyhow
  }

  /// Cosine of views from which on things are of one kind: copies of a part have .96 and more, clothes .86 to .88, animals and food .78.
  private static let alike = 0.92
  /// Things that lie within some 25 degrees of one another have less.
  private static let anyhow = 0.1

  // MARK: Pictures

  /// Some of the pictures that fit nothing, with flaws.
  private func spoiled(in window: Alignment) -> [Bitmap] {
    let fresh = Self.fresh(plain.count)
    let step = max(fresh.count / Self.spoiled, 1)
    let some = stride(from: 0, to: fresh.count, by: step).prefix(Self.spoiled).map { fresh[$0] }
    let wishes = Flaw.allCases.enumerated().flatMap { index, flaw in some.map { (index, flaw, $0) } }
    return inParallel(wishes.count) { [plain] wish in
      let (index, flaw, place) = wishes[wish]
      return Self.spoiled(plain[place], by: flaw, in: window, seed: UInt64(index * plain.count + place))
    }.compactMap { $0 }
  }

  /// Every second.
  private static func fresh(_ count: Int) -> [Int] { Array(stride(from: 1, to: count, by: 2)) }

  /// A picture with a flaw on its thing: of some draws the first that is mostly there.
  private static func spoiled(_ picture: Bitmap, by flaw: Flaw, in window: Alignment, seed: UInt64) -> Bitmap?
  {
    guard let pose = window.pose(in: picture) else { return nil }
    let shape = ImageShape(height: 256, width: 256, channels: picture.channels)
    let plain = window.window(of: picture, at: pose, shape)
    guard let isThing = window.mask(of: picture, at: pose, shape) else { return nil }
    var random = RandomSource(seed: seed, stream: 0x464C_4157)
    var best: (share: Double, image: Bitmap)?
    for _ in 0..<draws {
      let other = flaw.changed(plain, other: plain, random: &random)
      var (on, all) = (0, 0)
      for (pixel, thing) in isThing.enumerated() {
        for k in pixel * picture.channels..<(pixel + 1) * picture.channels {
          let change = abs(Int(other.pixels[k]) - Int(plain.pixels[k]))
          all += change
          if thing { on += change }
        }
      }
      let share = all > 0 ? Double(on) / Double(all) : 0
      if share > best?.share ?? -1 { best = (share, other) }
      if share >= 0.5 { break }
    }
    return best.map { window.changed(picture, at: pose, from: plain, to: $0.image) }
  }

  // MARK: Looking

  private func way(
    _ alignment: Alignment?, _ sides: [Int], _ spoiled: [Bitmap], by network: Model,
    compute: Compute
  ) throws -> Way? {
    guard let largest = sides.last, let first = plain.first else { return nil }
    let shape = ImageShape(height: largest, width: largest, channels: first.channels)
    func seen(_ images: [Bitmap]) -> ImageBatch {
      ImageBatch(
        shape: shape,
        images: inParallel(images.count) { index in
          alignment?.aligned(images[index], to: shape).image
            ?? images[index].resampled(width: shape.width, height: shape.height)
        })
    }
    let fresh = Self.fresh(plain.count)
    let isFresh = Set(fresh)
    let examination = Examination(
      seen(plain), fitting: plain.indices.filter { !isFresh.contains($0) }, fresh: fresh,
      altered: seen(spoiled))
    var best: Way?
    for side in sides {
      let found = Way(
        alignment: alignment, side: side,
        placements: try examination.placements(at: side, by: network, compute: compute))
      guard let known = best else {
        best = found
        continue
      }
      guard PairedDifference(found.placements, known.placements).isPositive else { break }
      best = found
    }
    return best
  }
}

extension String {
  fileprivate func told(_ area: Double, _ side: Int) -> String {
    String(format: "%.2f \(self) at \(side)", area)
  }
}

extension Bitmap {
  /// Whether each pixel's colours are one value.
  fileprivate var isGray: Bool {
    guard channels == 3 else { return true }
    for start in stride(from: 0, to: pixels.count, by: 3) {
      let red = pixels[start]
      if pixels[start + 1] != red || pixels[start + 2] != red { return false }
    }
    return true
  }
}
