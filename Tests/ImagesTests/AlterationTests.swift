import Testing

@testable import Images

struct AlterationTests {
  /// Every value another, as far as bytes go.
  static func image(_ width: Int, _ height: Int) -> Bitmap {
    Bitmap(
      width: width, height: height, channels: 3,
      pixels: (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 251) })
  }

  static func altered(_ image: Bitmap, _ kind: Alteration, other: Bitmap? = nil, seed: UInt64 = 1) -> Bitmap {
    var random = SeededGenerator(state: seed)
    return kind(image, other: other ?? image, random: &random)
  }

  /// Good enough to choose by.
  struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test("What is learned moves pixels and changes none", arguments: [(16, 16), (24, 16), (17, 21)])
  func permutations(width: Int, height: Int) {
    let image = Self.image(width, height)
    let kinds = Alteration.learned(image.shape)
    #expect(kinds.first == Alteration.none && Set(kinds).count == kinds.count)
    for kind in kinds {
      let altered = Self.altered(image, kind)
      #expect(altered.shape == image.shape, "\(kind)")
      #expect(altered.pixels.sorted() == image.pixels.sorted(), "\(kind)")
      #expect((altered == image) == (kind == Alteration.none), "\(kind)")
    }
  }

  @Test("Quarter turns are for squares; four of one way, or two half turns, are none")
  func turns() {
    #expect(!Alteration.learned(Self.image(24, 16).shape).contains(.turnedLeft))
    let image = Self.image(16, 16)
    #expect(Alteration.learned(image.shape).contains(.turnedRight))
    for (kind, times) in [
      (Alteration.turnedLeft, 4), (.turnedRight, 4), (.turnedHalf, 2), (.upsideDown, 2), (.rolledAcross, 2),
      (.rolledDown, 2),
    ] {
      var turned = image
      for _ in 0..<times { turned = Self.altered(turned, kind) }
      #expect(turned == image, "\(kind)")
    }
    #expect(Self.altered(Self.altered(image, .turnedLeft), .turnedRight) == image)
    #expect(Self.altered(Self.altered(image, .turnedLeft), .turnedLeft) == Self.altered(image, .turnedHalf))
  }

  @Test("Quarters are never left as they were, whatever is drawn")
  func quarters() {
    let image = Self.image(16, 16)
    for seed in 0..<200 { #expect(Self.altered(image, .shuffled, seed: UInt64(seed)) != image) }
  }

  @Test(
    "Half and patch are another's and the rest is its own; nothing learned is among what eyes are tried on")
  func others() {
    let black = Bitmap(width: 16, height: 12, channels: 1, filledWith: 0)
    let white = Bitmap(width: 16, height: 12, channels: 1, filledWith: 255)
    for seed in 0..<20 {
      let half = Self.altered(black, .halves, other: white, seed: UInt64(seed))
      #expect(half.pixels.count { $0 == 255 } == 96)
      let patch = Self.altered(black, .patch, other: white, seed: UInt64(seed))
      #expect(patch.pixels.count { $0 == 255 } == 3 * 4)
    }
    #expect(Set(Alteration.learned(black.shape)).isDisjoint(with: Alteration.unknown))
    let image = Self.image(16, 16)
    for kind in [Alteration.slanted, .enlarged, .coarsened, .sharpened, .bent] {
      #expect(Self.altered(image, kind) != image)
    }
  }

  @Test("Damage changes some of an image and leaves the rest, or changes all of it in a known way")
  func damage() {
    let gray = Bitmap(width: 64, height: 48, channels: 3, filledWith: 128)
    var changed: [Alteration: [Int]] = [:]
    for seed in 0..<40 {
      for kind in [Alteration.streaked, .blotted, .specked] {
        let image = Self.altered(gray, kind, seed: UInt64(seed))
        changed[kind, default: []].append(image.pixels.count { $0 != 128 } / 3)
      }
      // What is flat stays so when it is smoothed, sharpened or made coarser.
      for kind in [Alteration.smeared, .sharpened, .coarsened] {
        #expect(Self.altered(gray, kind, seed: UInt64(seed)) == gray)
      }
    }
    // A streak of 24 by 2 pixels at most, wherever it is cut by the edge; a disc of a radius of 9.6 at most.
    #expect(changed[.streaked]?.allSatisfy { (1...72).contains($0) } == true, "\(changed)")
    #expect(changed[.blotted]?.allSatisfy { (1...290).contains($0) } == true)
    // One in 50 of 3072, by the binomial's five standard deviations over all 40.
    let specks = Double(changed[.specked]?.reduce(0, +) ?? 0) / 40
    #expect(abs(specks - 61.4 * 255 / 256) < 5 * 7.8 / 40.0.squareRoot(), "\(specks)")
    let ends = Bitmap(width: 2, height: 1, channels: 1, pixels: [0, 255])
    #expect(Self.altered(ends, .bent) == ends)
    let coarse = Self.altered(Self.image(16, 16), .coarsened)
    for c in 0..<3 { #expect(coarse.pixels[c] == coarse.pixels[(17) * 3 + c]) }
  }

  @Test("A shift moves what is inside and repeats the edge")
  func shifts() {
    let image = Self.image(16, 16)
    #expect(image.shifted(rows: 0, columns: 0) == image)
    let moved = image.shifted(rows: 2, columns: -3)
    for (y, x, from) in [(5, 5, (3, 8)), (0, 0, (0, 3)), (15, 15, (13, 15))] {
      for c in 0..<3 {
        #expect(moved.pixels[(y * 16 + x) * 3 + c] == image.pixels[(from.0 * 16 + from.1) * 3 + c])
      }
    }
  }
}
