"""The GLSL programs of the renderer: one for pictures, one for where each visible point goes."""

from __future__ import annotations

#: Head motion and projection, shared by both programs. Window coordinates run from the upper left corner.
_MOTION = """
#version 330
struct Motion { mat3 turn; vec3 shift; vec3 sway; };
uniform vec3 pivot;
uniform vec2 size;       // pixels: width, height
uniform vec2 centre;     // pixels: where the origin is seen
uniform float focal_px;
uniform float distance_dm;
vec3 moved(Motion motion, vec3 place, float follow) {
    vec3 turned = motion.turn * (place - pivot) + pivot + motion.shift;
    return mix(place, turned, follow) + motion.sway;
}
vec4 projected(vec3 place) {
    float depth = distance_dm - place.z;
    vec2 middle = 2.0 * centre / size - 1.0;
    vec2 scale = 2.0 * focal_px / size;
    return vec4(middle * depth + vec2(place.x, -place.y) * scale, (depth - distance_dm) * depth / 4.0, depth);
}
"""

PICTURE_VERTEX = _MOTION + """
uniform Motion now;
in vec3 place, normal;
in vec3 canonical;
in vec2 at;
in vec4 traits;          // kind, openness, follow, height of the shell
out vec3 world, outward, own, along;
out vec2 spot;
out float openness, height;
flat out int kind;
void main() {
    world = moved(now, place, traits.z);
    outward = mix(normal, now.turn * normal, traits.z);
    along = mix(canonical, now.turn * canonical, traits.z);
    own = canonical;
    spot = at;
    kind = int(traits.x + 0.5);
    openness = traits.y;
    height = traits.w;
    gl_Position = projected(world);
}
"""

PICTURE_FRAGMENT = """
#version 330
uniform sampler2D skin, eye, strands;
uniform vec3 to_light[2], light[2];
uniform vec3 sky, ground;
uniform float distance_dm;
in vec3 world, outward, own, along;
in vec2 spot;
in float openness, height;
flat in int kind;
out vec4 colour;

vec3 diffuse(vec3 n, vec3 wrap) {   // light that enters skin leaves it further on: red furthest
    vec3 sum = vec3(0.0);
    for (int k = 0; k < 2; ++k)
        sum += light[k] * max((vec3(dot(n, to_light[k])) + wrap) / (1.0 + wrap), 0.0) * mix(0.35 + 0.65 * openness, 1.0, 0.0);
    return sum;
}
vec3 gloss(vec3 n, vec3 view, float power, float fresnel) {
    vec3 sum = vec3(0.0);
    for (int k = 0; k < 2; ++k) {
        vec3 halfway = normalize(to_light[k] + view);
        float grazing = fresnel + (1.0 - fresnel) * pow(1.0 - max(dot(halfway, view), 0.0), 5.0);
        sum += light[k] * grazing * pow(max(dot(n, halfway), 0.0), power) * (power + 8.0) / 25.0;
    }
    return sum;
}
vec3 strand_gloss(vec3 tangent, vec3 view) {
    vec3 sum = vec3(0.0);
    for (int k = 0; k < 2; ++k) {
        float cosine = dot(tangent, normalize(to_light[k] + view));
        sum += light[k] * pow(max(1.0 - cosine * cosine, 0.0), 30.0);
    }
    return sum;
}
void main() {
    vec3 n = normalize(outward);
    vec3 view = normalize(vec3(0.0, 0.0, distance_dm) - world);
    if (kind != 1 && dot(n, view) < 0.0) n = -n;
    vec3 ambient = mix(ground, sky, 0.5 + 0.5 * n.y) * openness;
    vec3 linear;
    float cover = 1.0;
    if (kind == 0) {
        vec4 paint = texture(skin, spot);
        vec3 bounce = ambient * mix(vec3(1.0), vec3(1.12, 0.97, 0.92), 1.0 - openness);
        linear = paint.rgb * (diffuse(n, vec3(0.32, 0.2, 0.16)) + bounce);
        linear += paint.a * openness * (0.55 * gloss(n, view, 14.0, 0.035) + 0.25 * gloss(n, view, 60.0, 0.035));
    } else if (kind == 1) {
        vec4 paint = own.z > 0.0 ? texture(eye, spot) : vec4(0.4, 0.15, 0.13, 1.0);
        linear = paint.rgb * (0.85 * diffuse(n, vec3(0.3)) + ambient) * openness;
        linear += openness * gloss(n, view, 420.0, 0.035) * 0.55;
    } else if (kind == 2) {
        linear = vec3(0.62, 0.56, 0.47) * (diffuse(n, vec3(0.3)) + ambient) * 0.6 + 0.2 * gloss(n, view, 80.0, 0.04);
    } else if (kind == 3) {
        linear = vec3(0.33, 0.10, 0.10) * (diffuse(n, vec3(0.3)) + ambient) * 0.6;
    } else if (kind == 4) {
        linear = vec3(0.012, 0.009, 0.008);
        float comb = fract(sin(floor(own.x * 260.0) * 12.9898) * 43758.5453);
        cover = 0.25 + 0.45 * comb;
    } else {
        vec4 paint = texture(strands, spot);
        cover = smoothstep(height - 0.06, height + 0.10, paint.a) * step(0.02, paint.a);
        float deep = 0.35 + 0.65 * height;
        linear = paint.rgb * (diffuse(n, vec3(0.45)) + ambient) * deep;
        linear += strand_gloss(normalize(along), view) * deep * (0.02 + 0.12 * paint.rgb);
    }
    colour = vec4(pow(clamp(linear, 0.0, 1.0), vec3(1.0 / 2.2)), cover);
}
"""

FLOW_VERTEX = _MOTION + """
uniform Motion first, second;
in vec3 place, place_second;
in vec2 at;
in vec4 traits;
out vec4 there;
out vec2 spot;
out float height;
flat out int kind;
void main() {
    there = projected(moved(second, place_second, traits.z));
    spot = at;
    kind = int(traits.x + 0.5);
    height = traits.w;
    gl_Position = projected(moved(first, place, traits.z));
}
"""

#: Out: where the visible point is in the second frame (window pixels), how near, and its kind plus one.
FLOW_FRAGMENT = """
#version 330
uniform vec2 size;
uniform sampler2D strands;
in vec4 there;
in vec2 spot;
in float height;
flat in int kind;
out vec4 found;
void main() {
    if (kind == 4) discard;
    if (kind == 5 && texture(strands, spot).a < max(height, 0.02)) discard;
    vec2 window = (there.xy / there.w * 0.5 + 0.5) * size;
    found = vec4(window, there.w, float(kind) + 1.0);
}
"""
