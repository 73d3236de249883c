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

    /// A lie moved so that what is seen there lies as in a window.
    /// - Parameter half: of the window's sides, in shares of the longer side.
    func moved(
      _ lie: WindowView.Lie, to window: WindowView, half: (width: Double, height: Double)
    ) -> WindowView.Lie {
      let half = (width: half.width * longer, height: half.height * longer)
      let around = WindowView(thing, at: lie, half: half, size: WindowView.searched)
      let off = around.offset(of: window)
      let u = off.along * 2 * half.width / Double(WindowView.side)
      let v = off.across * 2 * half.height / Double(WindowView.side)
      let (c, s) = (cos(lie.angle), sin(lie.angle))
      return WindowView.Lie(x: lie.x + u * c - v * s, y: lie.y + u * s + v * c, angle: lie.angle)
    }
  }

  /// - Returns: nil of none.
  package static func lying(_ things: Things) -> Lying? {
    guard let turned = Alignment(.turned, of: things), let template = turned.template else { return nil }
    let turns = things.found.map {
      PolarView($0.thing, from: $0.thing.middle, reach: turned.reach * $0.longer).turn(from: template)
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
    var lies = things.found.map { WindowView.Lie(x: $0.thing.middle.x, y: $0.thing.middle.y, angle: 0) }
    /// The template of things from where they lie, and all turned by it.
    func turned() -> PolarView? {
      let views = zip(things.found, lies).map { found, lie in
        PolarView(found.thing, from: (lie.x, lie.y), reach: reach * found.longer)
      }
      guard let template = PolarView.template(of: views) else { return nil }
      for (index, view) in views.enumerated() { lies[index].angle = view.turn(from: template).angle }
      return template
    }
    var template = kind == .turned ? turned() : nil
    let reaches = zip(things.found, lies).map { found, lie in
      let (along, across) = found.thing.reach(from: lie)
      return (along / found.longer, across / found.longer)
    }
    let (along, across) = (quantile(reaches.map(\.0)), quantile(reaches.map(\.1)))
    let half = (
      width: Self.room * max(along, across / Self.mostStretched),
      height: Self.room * max(across, along / Self.mostStretched)
    )
    func windows() -> WindowView? {
      let views = zip(things.found, lies).map { found, lie in
        WindowView(
          found.thing, at: lie, half: (half.width * found.longer, half.height * found.longer),
          size: WindowView.side)
      }
      return WindowView.mean(of: views)
    }
    for round in 0..<Self.rounds {
      guard let window = windows() else { return nil }
      for (index, found) in things.found.enumerated() {
        lies[index] = found.moved(lies[index], to: window, half: half)
      }
      // Seen from better middles once.
      if round == 0, kind == .turned { template = turned() }
    }
    guard let window = windows(), kind == .placed || template != nil else { return nil }
    self.init(
      halfWidth: half.width, halfHeight: half.height, channels: first.thing.contrasts.count, reach: reach,
      template: template, window: window)
  }

  /// How often windows are moved to the mean of all, which is then the clearer.
  private static let rounds = 4
}
