import Foundation
import Testing

@testable import Reports

struct TrainingPageTests {
  static func page() -> TrainingPage {
    var page = TrainingPage(title: "<b>\"x\"</b>\u{202E}.safetensors", facts: ReportFacts())
    page.verdict = "3.1 bits"
    page.points = [(10, 4, 0.2), (20, 3.5, 0.2), (30, 3.75, 0.2)]
    page.chosen = 20
    page.goal = 4.5
    let picture = Record.Picture(.png, Data([1, 2, 3]), width: 4, height: 4)
    page.samples = [.init(picture, alt: "sample 0")]
    page.oddest = [.init(picture, alt: "odd", figures: "2 bits", reason: "<script>alert(1)</script>")]
    page.uniformity = [
      .init(caption: "held out", pValues: (1...40).map { Double($0) / 40 }, references: 40, test: 0.9)
    ]
    page.facts.facts = [.init("command", "surprisal train '<x>'")]
    return page
  }

  @Test("The page is balanced, asks nothing of a network, and takes no name for markup")
  func markup() {
    let page = Self.page().html
    let markup = page.replacing(/<style>[\s\S]*?<\/style>/, with: "")
    #expect(unbalanced(markup, void: ["meta", "link", "img", "input", "br"]) == [])
    #expect(markup.matches(of: /(?:src|href)="(?!data:)/).isEmpty && page.contains("default-src 'none'"))
    #expect(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"))
    #expect(page.contains("&lt;b&gt;&quot;x&quot;") && !page.contains("\u{202E}"))
    // A page without an image or a validation is one too.
    #expect(unbalanced(TrainingPage(title: "", facts: ReportFacts()).html, void: ["meta", "link"]).isEmpty)
  }

  @Test("The curve falls where bits do, and the goal has its place or is told")
  func curve() throws {
    let points = [(10, 4, 0.2), (20, 3.5, 0.2), (30, 3.75, 0.2)]
      .map { (step: $0.0, bits: $0.1, error: $0.2) }
    let curve = TrainingCurve(points: points, goal: 4.5, chosen: 20)
    #expect(curve.y(3.5) > curve.y(3.75) && curve.y(3.75) > curve.y(4) && curve.y(4) > curve.y(4.5))
    #expect(curve.x(30) - curve.x(20) == curve.x(20) - curve.x(10))
    let (low, high) = curve.range
    #expect(low < 3.3 && high > 4.5 && curve.content["goal"] != nil)
    #expect(curve.y(low) == 210 && curve.y(high) == 10)
    let far = TrainingCurve(points: points, goal: 40, chosen: 20)
    #expect(far.content["goal"] == nil && (far.content["beyond"] as? String)?.contains("40.000") == true)
    let dots = try #require(curve.content["dots"] as? [[String: Any]])
    #expect(dots.map { $0["kind"] as? String } == ["dot", "chosen", "dot"])
  }

  @Test("Two samples of one population stay within the band 95 times in a hundred")
  func band() {
    // The largest distance of two uniform samples' distributions, from ranks drawn by a congruential generator.
    var state: UInt64 = 7
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / 9_007_199_254_740_992
    }
    let (n, m, rounds) = (60, 80, 2000)
    var outside = 0
    for _ in 0..<rounds {
      let known = (0..<m).map { _ in uniform() }.sorted()
      let values = (0..<n).map { _ -> Double in
        let score = uniform()
        return Double(1 + known.count { $0 >= score }) / Double(m + 1)
      }.sorted()
      let plot = UniformityPlot(.init(caption: "", pValues: values, references: m, test: 1))
      let most = (0...m).map { abs(plot.share(below: Double($0) / Double(m)) - Double($0) / Double(m)) }.max()
      if (most ?? 0) > plot.reach { outside += 1 }
    }
    // The limit law is a little wide for so few: 5 % of 2000 is 100, four standard deviations 39, and a p-value's grid of
    // 1/81 moves the distance by as much.
    #expect(outside < 160 && outside > 20, "\(outside)")
  }
}
