import Foundation
import Images

/// Images that show the same, in groups: what is counted once, and never stands on both sides of a split.
///
/// Exact copies have the same pixels. Near copies lie closer, by their sketches (`Sketch`), than one image in a hundred
/// would by chance: in a population of intrinsic dimension m, the nearest of an image's K nearest others is closer than r
/// times the K-th with probability K r^m. The dimension is estimated from the images (Levina and Bickel 2004; by the
/// median, which copies do not move). Where all K show the same, the K-th says nothing: then four times as many are asked, up to half of the
/// images. Recompressed, resized, brighter or noisier copies are found nearly always; crops to
/// 95 % and shifts by a pixel of 32 in varied photographs mostly, in simple images hardly (docs/detection.md, "Copies").
public struct CopyGroups: Sendable {
  /// For each image, the first image of its group.
  public let first: [Int]
  /// For each image, the first that has its pixels.
  private let original: [Int]
  /// Images with the pixels of an earlier one.
  public let exact: Int
  /// Further images that show what an earlier one shows.
  public let near: Int

  /// One image of each group, the first.
  public var representatives: [Int] { first.indices.filter { first[$0] == $0 } }

  /// Share of distinct images that chance may take for near copies.
  static let chance = 0.01
  /// Near copies are at least this much closer than other neighbours, and at most so far.
  static let nearest = 0.5
  static let farthest: Float = 0.45

  /// Of images that are known to differ.
  package init(distinct count: Int) {
    first = Array(0..<count)
    original = first
    (exact, near) = (0, 0)
  }

  /// - Parameters:
  ///   - first: for each image the first of its group.
  ///   - areExact: whether all of a group have the same pixels; else no two have.
  package init(first: [Int], areExact: Bool = true) {
    self.first = first
    original = areExact ? first : Array(first.indices)
    let copies = first.indices.count { first[$0] != $0 }
    (exact, near) = areExact ? (copies, 0) : (0, copies)
  }

  public init(of images: ImageBatch) {
    var seen: [ArraySlice<UInt8>: Int] = [:]
    var first: [Int] = []
    for index in images.indices {
      let same = seen[images.pixels(of: index), default: index]
      if same == index { seen[images.pixels(of: index)] = index }
      first.append(same)
    }
    original = first
    let distinct = first.indices.filter { first[$0] == $0 }
    exact = first.count - distinct.count
    var sets = DisjointSets(distinct.count)
    for (a, b) in Self.nearPairs(distinct.map { images[$0] }) { sets.join(a, b) }
    // The first of a set has the lowest index, as images are in order.
    let leaders = distinct.indices.map { distinct[sets.first(of: $0)] }
    let leader = Dictionary(uniqueKeysWithValues: zip(distinct, leaders))
    self.first = first.map { leader[$0] ?? $0 }
    near = zip(distinct, leaders).count { $0 != $1 }
  }

  /// Images of a group that fit statistics: near copies, such as photographs of one thing in a burst, say more of the population than one of
  /// them does, and must not say all (docs/detection.md, "Copies").
  static let mostFitting = 4

  /// The images that statistics are fitted to: of each group the first few that differ. All representatives are among them.
  /// - Returns: their places, and their groups.
  package func fitting() -> (places: [Int], groups: CopyGroups) {
    var taken: [Int: Int] = [:]
    let places = first.indices.filter { place in
      guard original[place] == place, taken[first[place], default: 0] < Self.mostFitting else { return false }
      taken[first[place], default: 0] += 1
      return true
    }
    let new = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    let groups = places.map { new[first[$0]] ?? 0 }
    return (places, CopyGroups(first: groups, areExact: false))
  }

  private static func nearPairs(_ images: [Bitmap]) -> [(Int, Int)] {
    guard images.count > 6 else { return [] }
    let most = min(max(images.count / 10, 6), 20)
    let many = max(most, min(images.count / 2, 4 * most))
    let nearest = Neighbours(images, most: many).nearest
    let spread = nearest.map { list in
      0.5 * Double(log(max(list[most - 1].square, 1e-12) / max(list[most / 2 - 1].square, 1e-12)))
    }.sorted()
    let dimension = log(Double(most) / Double(most / 2)) / max(spread[spread.count / 2], 1e-6)
    /// Below which others of an image's so many nearest are copies of it.
    func limits(_ count: Int) -> [Float] {
      let ratio = Float(min(pow(chance / Double(count), 1 / dimension), Self.nearest))
      return nearest.map { min(ratio * ratio * $0[count - 1].square, farthest * farthest) }
    }
    let limits = zip(nearest, zip(limits(most), limits(many))).map { list, limit in
      list[most - 1].square < limit.1 ? limit.1 : limit.0
    }
    return nearest.enumerated().flatMap { a, list in
      list.map { (Int($0.image), $0.square) }.filter { $1 < min(limits[a], limits[$0]) }.map { b, _ in (a, b)
      }
    }
  }
}

/// Sets that grow together (Tarjan 1975). Each is known by its lowest member.
private struct DisjointSets {
  private var parent: [Int]

  init(_ count: Int) { parent = Array(0..<count) }

  mutating func first(of member: Int) -> Int {
    var member = member
    while parent[member] != member {
      parent[member] = parent[parent[member]]
      member = parent[member]
    }
    return member
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (first(of: a), first(of: b))
    parent[max(a, b)] = min(a, b)
  }
}
