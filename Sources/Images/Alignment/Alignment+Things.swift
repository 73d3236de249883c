// Where things of a population lie is learned from images known to belong.

import Foundation

extension Alignment {
  /// What images known to belong show on a plain ground.
  package struct Things: Sendable {
    fileprivate let found: [Found]
    /// Share of the images that show one.
    package let share: Double

    /// - Parameter things: of each image, nil of one that shows none.
    package init(_ things: [Found?]) {
      found = things.compactMap { $0 }
      share = Double(found.count) / Double(max(things.count, 1))
    }
  }

  /// How alike things are once they are turned alike, and how differently they lie.
  package struct Lying: Sendable {
    /// Half of the views have at least this cosine with the template.
    package let likeness: Double
    /// Circular variance of the angles: 0 where all lie one way, near 1 where they lie anyhow (Mardia and Jupp, 2000).
    package let variance: Double
  }

  /// The thing of one image, as it is looked for.
  package struct Found: Sendable {
    let thing: Foreground
    /// The longer side of the image that it was found in.
    let longer: Double

    package init?(in image: Bitmap) {
      let small = image.fitted(within: Alignment.searched)
      guard let thing = Foreground(of: small) else { return nil }
      (self.thing, longer) = (thing, Double(max(small.width, small.height)))
    }
  }

  /// - Returns: nil of none.
  package static func lying(_ things: Things) -> Lying? {
    guard let turned = Alignment(.turned, of: things), let template = turned.template else { return nil }
    let turns = things.found.map {
      PolarView($0.thing, reach: turned.reach * $0.longer).turn(from: template)
    }
    let sum = turns.reduce(into: (0.0, 0.0)) {
      $0.0 += cos($1.angle)
      $0.1 += sin($1.angle)
    }
    let length = (sum.0 * sum.0 + sum.1 * sum.1).squareRoot() / Double(turns.count)
    // Templates have 255 steps: their length is 1 but for rounding.
    return Lying(likeness: turns.map(\.likeness).sorted()[turns.count / 2], variance: 1 - length)
  }

  /// Learns where things of a population are looked at.
  /// - Returns: nil of none.
  package init?(_ kind: Kind, of things: Things) {
    guard let first = things.found.first else { return nil }
    func quantile(_ values: [Double]) -> Double {
      values.sorted()[min(Int(Double(values.count) * Self.held), values.count - 1)]
    }
    let reach = quantile(things.found.map { $0.thing.reach / $0.longer })
    var template: PolarView?
    var angles = [Double](repeating: 0, count: things.found.count)
    if kind == .turned {
      let views = things.found.map { PolarView($0.thing, reach: reach * $0.longer) }
      guard let found = PolarView.template(of: views) else { return nil }
      angles = views.map { $0.turn(from: found).angle }
      template = found
    }
    let reaches = zip(things.found, angles).map { found, angle in
      let (along, across) = found.thing.reach(angle)
      return (along / found.longer, across / found.longer)
    }
    let (along, across) = (quantile(reaches.map(\.0)), quantile(reaches.map(\.1)))
    self.init(
      halfWidth: Self.room * max(along, across / Self.mostStretched),
      halfHeight: Self.room * max(across, along / Self.mostStretched),
      channels: first.thing.contrasts.count, reach: reach, template: template)
  }
}
